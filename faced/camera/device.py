"""Which V4L2 device a configured name means, and what kind of device it is.

A camera is named by what it is (USB id, serial number) or by where it is plugged in (by-path), never by the number in
/dev/videoN: the kernel hands those out in the order of discovery, and every peer project has users whose login broke
when the order changed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from faced.errors import CameraUnavailable
from faced.i18n import _

SYSFS = Path("/sys")

#: struct v4l2_capability and struct v4l2_requestbuffers of linux/videodev2.h.
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_REQUEST_BUFFERS = struct.Struct("=IIIIB3x")
_VIDIOC_QUERYCAP = 0x80685600
_VIDIOC_REQBUFS = 0xC0145608
_CAP_VIDEO_CAPTURE = 0x1
_CAP_STREAMING = 0x04000000
_CAP_DEVICE_CAPS = 0x80000000
_BUF_TYPE_VIDEO_CAPTURE = 1
_MEMORY_MMAP = 1

_USB_NAME = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")
#: Host controllers that exist only in software: a gadget of this machine, or USB over the network.
_SOFTWARE_BUSES = ("usb-dummy_hcd", "usb-vhci_hcd")


@dataclass(frozen=True)
class DeviceFacts:
    """What VIDIOC_QUERYCAP says of an open device."""

    driver: str
    card: str
    bus: str
    capabilities: int

    @property
    def captures(self) -> bool:
        """Whether this node streams pictures (a webcam's second node carries metadata only)."""
        return bool(self.capabilities & _CAP_VIDEO_CAPTURE) and bool(self.capabilities & _CAP_STREAMING)

    @property
    def virtual(self) -> bool:
        """Whether a program of this machine may be painting the pictures.

        Everything counts as virtual that is not the kernel's USB video driver on a hardware bus, so that a loopback
        driver of another name is refused too.
        """
        return self.driver != "uvcvideo" or not self.bus.startswith("usb-") or self.bus.startswith(_SOFTWARE_BUSES)


def device_path(name: str, sysfs: Path = SYSFS) -> Path:
    """The device file of a configured camera name, looked up afresh at each open.

    :param name: "usb:VVVV:PPPP", "usb:VVVV:PPPP:SERIAL" or "path:/dev/...".
    :param sysfs: where sysfs is mounted.
    :raises CameraUnavailable: nothing of that name is plugged in, several are, or the name is not one.
    """
    if name.startswith("path:/"):
        return Path(name.removeprefix("path:"))
    wanted = _USB_NAME.fullmatch(name)
    if wanted is None:
        text = _("The camera name {name!r} is not understood. Write usb:VENDOR:PRODUCT or path:/dev/v4l/by-path/...")
        raise CameraUnavailable(text.format(name=name), reason="camera_unnamed")
    vendor, product, serial = wanted.groups()
    found = [
        Path("/dev") / node.name
        for node in sorted((sysfs / "class/video4linux").glob("video*"))
        if _is_first_node(node) and _usb_identity(node, serial is not None) == (vendor.lower(), product.lower(), serial)
    ]
    if not found:
        raise CameraUnavailable(_("The camera {name} is not plugged in.").format(name=name), reason="camera_unplugged")
    if len(found) > 1:
        text = _("Several cameras answer to {name}. Add the serial number or name one by path:/dev/v4l/by-path/...")
        raise CameraUnavailable(text.format(name=name), reason="camera_unnamed")
    return found[0]


def device_facts(path: Path) -> DeviceFacts:
    """Ask a device what it is and whether it is free.

    :raises CameraUnavailable: not there, not a camera, or streaming to another program.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unavailable(path, error) from None
    try:
        answer = bytearray(_CAPABILITY.size)
        fcntl.ioctl(descriptor, _VIDIOC_QUERYCAP, answer)
        driver, card, bus, _version, of_all_nodes, of_this_node = _CAPABILITY.unpack(answer)
        facts = DeviceFacts(
            driver=_text(driver),
            card=_text(card),
            bus=_text(bus),
            capabilities=of_this_node if of_all_nodes & _CAP_DEVICE_CAPS else of_all_nodes,
        )
        if facts.captures:
            # Asking for no buffers takes nothing and fails with EBUSY while another program streams.
            fcntl.ioctl(
                descriptor,
                _VIDIOC_REQBUFS,
                bytearray(_REQUEST_BUFFERS.pack(0, _BUF_TYPE_VIDEO_CAPTURE, _MEMORY_MMAP, 0, 0)),
            )
    except OSError as error:
        raise _unavailable(path, error) from None
    finally:
        os.close(descriptor)
    if not facts.captures:
        raise CameraUnavailable(_("{path} is not a camera that delivers pictures.").format(path=path))
    return facts


def _unavailable(path: Path, error: OSError) -> CameraUnavailable:
    reason = "camera_unavailable"
    match error.errno:
        case errno.EBUSY:
            text, reason = _("The camera is in use by another program. Close it and try again."), "camera_busy"
        case errno.EACCES:
            text = _("The camera {path} may not be opened. The service needs the group video.")
        case errno.EPERM:
            text = _("The camera {path} may not be opened. The unit needs DeviceAllow=char-video4linux.")
        case errno.ENOENT:
            text = _("There is no camera at {path}. Plug it in or correct the section [camera].")
            reason = "camera_unplugged"
        case errno.ENODEV | errno.ENXIO:
            text, reason = _("The camera at {path} was unplugged."), "camera_unplugged"
        case errno.ENOTTY | errno.EINVAL | errno.EISDIR:
            text = _("{path} is not a camera that delivers pictures.")
        case _other:
            text = _("The camera at {path} does not answer: {error}.")
    return CameraUnavailable(text.format(path=path, error=error.strerror), reason=reason)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


def _is_first_node(node: Path) -> bool:
    """A UVC camera registers its picture node first; the nodes after it carry metadata."""
    return _attribute(node / "index") in ("0", "")


def _usb_identity(node: Path, with_serial: bool) -> tuple[str, str, str | None] | None:
    """Vendor, product and serial of the USB device that a video node belongs to; None if it is not on USB."""
    # "device" points to the USB interface; the ids are those of the device above it.
    usb = (node / "device").resolve().parent
    vendor, product = _attribute(usb / "idVendor"), _attribute(usb / "idProduct")
    if not vendor or not product:
        return None
    return vendor.lower(), product.lower(), _attribute(usb / "serial") if with_serial else None


def _attribute(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""

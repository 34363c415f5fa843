"""Naming a camera by what it is, on a sysfs of our own making."""

from __future__ import annotations

from pathlib import Path

import pytest

from faced.camera.device import DeviceFacts, device_facts, device_path
from faced.errors import CameraUnavailable

CAPTURE = 0x1 | 0x04000000


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    (tmp_path / "class/video4linux").mkdir(parents=True)
    return tmp_path


def plug_in(sysfs: Path, port: str, ids: str, serial: str, *numbers: int) -> None:
    """A USB camera with its nodes in order: pictures first, then metadata, as uvcvideo registers them."""
    usb = sysfs / "devices" / port
    interface = usb / f"{port}:1.0"
    interface.mkdir(parents=True)
    vendor, product = ids.split(":")
    (usb / "idVendor").write_text(vendor + "\n")
    (usb / "idProduct").write_text(product + "\n")
    (usb / "serial").write_text(serial + "\n")
    for index, number in enumerate(numbers):
        node = interface / "video4linux" / f"video{number}"
        node.mkdir(parents=True)
        (node / "index").write_text(f"{index}\n")
        (node / "device").symlink_to(interface)
        (sysfs / "class/video4linux" / node.name).symlink_to(node)


def test_a_camera_is_found_by_its_usb_id_whatever_its_number(sysfs: Path) -> None:
    plug_in(sysfs, "1-1", "046d:0825", "A1", 4, 5)
    plug_in(sysfs, "1-2", "04f2:b6d9", "B2", 0, 1)
    assert device_path("usb:046d:0825", sysfs) == Path("/dev/video4")
    assert device_path("usb:04F2:B6D9", sysfs) == Path("/dev/video0")


def test_the_metadata_node_of_a_camera_is_never_chosen(sysfs: Path) -> None:
    plug_in(sysfs, "1-1", "046d:0825", "A1", 9, 2)
    assert device_path("usb:046d:0825", sysfs) == Path("/dev/video9")


def test_two_cameras_of_one_kind_are_told_apart_by_the_serial_number_only(sysfs: Path) -> None:
    plug_in(sysfs, "1-1", "046d:0825", "A1", 0)
    plug_in(sysfs, "1-2", "046d:0825", "B2", 2)
    assert device_path("usb:046d:0825:B2", sysfs) == Path("/dev/video2")
    with pytest.raises(CameraUnavailable, match="serial number"):
        device_path("usb:046d:0825", sysfs)


def test_a_camera_with_another_serial_number_does_not_stand_in(sysfs: Path) -> None:
    plug_in(sysfs, "1-1", "046d:0825", "A1", 0)
    with pytest.raises(CameraUnavailable) as refusal:
        device_path("usb:046d:0825:OTHER", sysfs)
    assert refusal.value.reason == "camera_unplugged"


def test_a_device_that_is_not_on_usb_is_not_found_by_a_usb_name(sysfs: Path) -> None:
    node = sysfs / "devices/virtual/video4linux/video0"
    node.mkdir(parents=True)
    (sysfs / "class/video4linux/video0").symlink_to(node)
    with pytest.raises(CameraUnavailable):
        device_path("usb:046d:0825", sysfs)


def test_a_path_is_taken_as_it_is(sysfs: Path) -> None:
    path = "/dev/v4l/by-path/pci-0000:00:14.0-usb-0:4:1.0-video-index0"
    assert device_path(f"path:{path}", sysfs) == Path(path)


@pytest.mark.parametrize("name", ["", "0", "/dev/video0", "path:video0", "usb:46d:825", "usb:046d", "usb:046d:0825:"])
def test_a_name_that_names_nothing_for_certain_is_refused(sysfs: Path, name: str) -> None:
    with pytest.raises(CameraUnavailable) as refusal:
        device_path(name, sysfs)
    assert refusal.value.reason == "camera_unnamed"


@pytest.mark.parametrize(
    ("driver", "bus", "virtual"),
    [
        ("uvcvideo", "usb-0000:00:14.0-4", False),
        ("v4l2 loopback", "platform:v4l2loopback-000", True),
        ("v4l2loopback", "usb-0000:00:14.0-4", True),
        ("vivid", "platform:vivid-000", True),
        ("uvcvideo", "platform:something", True),
        # A gadget of this machine and a device over the network speak UVC, but no lens is behind the bus.
        ("uvcvideo", "usb-dummy_hcd.0-1", True),
        ("uvcvideo", "usb-vhci_hcd.0-1", True),
    ],
)
def test_only_the_usb_video_driver_on_a_hardware_bus_is_a_physical_camera(driver: str, bus: str, virtual: bool) -> None:
    assert DeviceFacts(driver, "Camera", bus, CAPTURE).virtual is virtual


def test_a_file_that_is_no_camera_says_so(tmp_path: Path) -> None:
    file = tmp_path / "video0"
    file.write_bytes(b"")
    with pytest.raises(CameraUnavailable, match="not a camera"):
        device_facts(file)
    with pytest.raises(CameraUnavailable, match="no camera at"):
        device_facts(tmp_path / "video1")

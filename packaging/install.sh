#!/bin/sh
# Installs faced on this machine (as root), or with DESTDIR only lays its files out, as for a package.
# It starts nothing and changes no PAM stack. Needs what tools/setup.sh installs to build it.
set -eu
cd "$(dirname "$0")/.."
dest=${DESTDIR:-}

put() { # MODE FOLDER FILE...: those of the files that are there
    mode=$1 folder=$dest$2
    shift 2
    for file in "$@"; do
        [ -e "$file" ] && install -D -m "$mode" "$file" "$folder/${file##*/}"
    done
    return 0
}

make -s -C pam_module
put 0644 "/usr/lib/$(gcc -print-multiarch)/security" pam_module/pam_faced.so
put 0644 /usr/lib/systemd/system packaging/systemd/*.service packaging/systemd/*.socket packaging/systemd/*.timer
put 0644 /usr/share/doc/faced/faced-directory.service.d packaging/systemd/faced-directory.service.d/*.example
put 0644 /usr/lib/sysusers.d packaging/sysusers.d/faced.conf
put 0644 /usr/lib/tmpfiles.d packaging/tmpfiles.d/faced.conf
put 0644 /usr/lib/systemd/catalog packaging/catalog/*.catalog
put 0644 /usr/share/pam-configs packaging/pam-configs/*
for section in 5 8; do
    put 0644 "/usr/share/man/man$section" packaging/man/*."$section"
    put 0644 "/usr/share/man/ja/man$section" packaging/man/ja/*."$section"
done
put 0644 /usr/share/man/man1 packaging/man/*.1
put 0644 /usr/share/man/ja/man1 packaging/man/ja/*.1
put 0644 /usr/share/bash-completion/completions packaging/completion/facectl
put 0644 /usr/share/zsh/vendor-completions packaging/completion/_facectl
put 0644 /usr/share/fish/vendor_completions.d packaging/completion/facectl.fish
put 0644 /usr/share/doc/faced/etc etc/*.toml
put 0644 /usr/share/doc/faced/ldap etc/ldap/*
put 0644 /usr/share/doc/faced/pam.d etc/pam.d/*
install -d "$dest/usr/bin"
ln -sf ../lib/faced/bin/facectl "$dest/usr/bin/facectl"

[ -z "$dest" ] || exit 0
for catalogue in faced/locale/*/LC_MESSAGES/*.po; do
    [ ! -f "$catalogue" ] || msgfmt --check -o "${catalogue%.po}.mo" "$catalogue"
done
python3 -m venv /usr/lib/faced
/usr/lib/faced/bin/python -m pip install -q --disable-pip-version-check .
systemd-sysusers faced.conf
systemd-tmpfiles --create faced.conf
journalctl --update-catalog
[ ! -d /run/systemd/system ] || systemctl daemon-reload
cat <<'NEXT'
Installed. Next, on this PC:
  1. write /etc/faced/faced.toml (an example is in /usr/share/doc/faced/etc)
  2. facectl host join                    and at the station: facectl host approve
  3. systemctl enable --now faced faced-directory faced-renew.timer
  4. facectl status
  5. pam-auth-update --enable faced-begin faced, with a root shell kept open
NEXT

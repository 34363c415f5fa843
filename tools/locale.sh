#!/usr/bin/env bash
# Collects the messages of faced/ and cli/ into faced/locale/faced.pot and brings them into the Japanese catalogue.
# New and changed messages then wait in faced.po, empty; a test fails until somebody has written them.
set -eu
cd "$(dirname "$0")/.."
pot=faced/locale/faced.pot
find faced cli -name '*.py' | LC_ALL=C sort | xgettext --files-from=- --language=Python --from-code=UTF-8 --keyword=_ \
    --add-location=file --omit-header --no-wrap --output="$pot"
for catalogue in faced/locale/*/LC_MESSAGES/faced.po; do
    msgmerge --quiet --no-fuzzy-matching --update --backup=none --no-wrap "$catalogue" "$pot"
    msgattrib --no-obsolete --no-wrap --output-file="$catalogue" "$catalogue"
done

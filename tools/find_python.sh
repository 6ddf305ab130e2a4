#!/usr/bin/env bash
# Prints the first usable Python 3.10-3.13 of those named, or of the usual
# names on the PATH. Each is tried by running it: a name on the PATH may be a
# pyenv shim that only fails, and Debian's Python may lack ensurepip.
set -u

CHECK='
import sys
if not (3, 10) <= sys.version_info < (3, 14):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
try:
    import ensurepip, ssl, venv
except ImportError as error:
    sys.exit("%s; on Debian and Ubuntu: apt-get install python%d.%d-venv"
             % ((error,) + sys.version_info[:2]))
'

names=("$@")
[ $# -gt 0 ] || names=(python3.11 python3.12 python3.13 python3.10 python3 python)

tried=""
for name in "${names[@]}"; do
    paths=$(type -aP "$name") || tried+="  $name: not found"$'\n'
    while read -r path; do
        if reason=$("$path" -c "$CHECK" 2>&1); then
            echo "$path"
            exit 0
        fi
        tried+="  $path: ${reason%%$'\n'*}"$'\n'
    done < <(printf '%s' "${paths:+$paths$'\n'}")
done

cat >&2 <<END
No usable Python 3.10, 3.11, 3.12 or 3.13 found. Tried:
${tried}Install one, or name one: make PYTHON=/path/to/python3.11 ...
END
exit 1

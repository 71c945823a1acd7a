#!/bin/sh
# Prints the Python that .venv is made with: PYTHON where that is set, else the first that fits. Where there is none it says
# in a sentence what is missing. In plain sh, and each candidate is asked: an old Python could not read install.py, and
# a name on the PATH need not run (pyenv has such names for versions that are not chosen).
fits="3.11 3.12 3.13 3.14"  # those for which all pins have wheels: docs/install.md
# The one that .venv has, if there is one; else 3.11 first: what the tests of each change run with.
names="${PYTHON:-.venv/bin/python python3.11 python3.12 python3.13 python3.14 python3 python}"
found=""
bare=""
for name in $names; do
  version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  case " $fits " in
    *" $version "*)
      if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
        command -v "$name"
        exit 0
      fi
      [ -n "$bare" ] || { bare=$name; bare_version=$version; }
      ;;
    *) found="$found${found:+, }$name is $version" ;;
  esac
done
wanted="snnviz needs Python 3.11, 3.12, 3.13 or 3.14"
if [ -n "$bare" ]; then
  echo "$bare (Python $bare_version) lacks venv or ensurepip, with which .venv is made: on Debian and Ubuntu, apt install python$bare_version-venv." >&2
elif [ -n "$found" ]; then
  echo "$wanted, and $found: install one beside it, or name it: make run PYTHON=/path/to/python3.12." >&2
elif [ -n "$PYTHON" ]; then
  echo "$wanted, and PYTHON=$PYTHON is no Python that runs." >&2
else
  echo "$wanted, and there is none here: on Debian and Ubuntu, apt install python3-venv; on macOS, brew install python@3.13; or make run PYTHON=/path/to/python3.12." >&2
fi
exit 1

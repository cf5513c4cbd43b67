# Lists what an image has, with tabs between the fields: the distribution, Debian's packages, and Python's besides those.
set -eu
. /etc/os-release
printf 'os\t%s\t%s\n' "$ID" "${VERSION_ID-}"
dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\n'
for python in python python3; do
  command -v "$python" > /dev/null || continue
  "$python" -c '
from importlib.metadata import distributions

for one in distributions():
    if not str(one.locate_file("")).startswith("/usr/lib/python3"):
        print("pypi", one.metadata["Name"], one.version, sep="\t")
'
  break
done

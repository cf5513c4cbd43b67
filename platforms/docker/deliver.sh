# usage: sh -c "$(cat deliver.sh)" deliver FROM TO
# Makes the directory TO equal to FROM while roles read TO: each file changes as a whole, and all files change within a moment.
set -eu
from=$1 to=$2
mkdir -p "$from"
cd "$from"
find . -type d | while read -r folder; do mkdir -p "$to/$folder"; done
find . -type f | while read -r file; do
  cmp -s "$file" "$to/$file" || cp "$file" "$to/$file.delivered"
done
cd "$to"
find . -name '*.delivered' | while read -r file; do mv "$file" "${file%.delivered}"; done
find . -type f | while read -r file; do [ -e "$from/$file" ] || rm "$file"; done
find . -mindepth 1 -type d -empty -delete

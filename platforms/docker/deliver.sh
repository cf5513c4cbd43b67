# usage: sh -c "$(cat deliver.sh)" deliver FROM TO
# Makes the directory TO equal to FROM while roles read TO: each file changes as a whole, and all files change within a moment.
set -eu
from=$1 to=$2
same() { [ -f "$2" ] && cmp -s "$1" "$2" && [ "$(stat -c %a "$1")" = "$(stat -c %a "$2")" ]; }
mkdir -p "$from"
# An interrupted delivery leaves half-written files behind.
find "$to" -type f -name '*.delivered' -delete
cd "$from"
find . -type d | while IFS= read -r folder; do
  [ ! -f "$to/$folder" ] || rm "$to/$folder"
  mkdir -p "$to/$folder"
done
find . -type f | while IFS= read -r file; do
  same "$file" "$to/$file" || cp "$file" "$to/$file.delivered"
done
cd "$to"
find . -type f -name '*.delivered' | while IFS= read -r file; do
  [ ! -d "${file%.delivered}" ] || rm -r "${file%.delivered}"
  mv "$file" "${file%.delivered}"
done
find . -type f | while IFS= read -r file; do [ -e "$from/$file" ] || rm "$file"; done
find . -mindepth 1 -type d -empty -delete

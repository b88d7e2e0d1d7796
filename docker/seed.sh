# Puts the files of /seed into /config, where none is yet, before the application's first start.
# The images of linuxserver.io run what is mounted in /custom-cont-init.d, as root; the application runs as `abc`.
from=${1:-/seed} to=${2:-/config}
cd "$from" || exit 1
find . -type f | while IFS= read -r file; do
    [ ! -e "$to/$file" ] || continue
    mkdir -p "$(dirname "$to/$file")" && cp "$file" "$to/$file" && chmod 600 "$to/$file"
done
chown -R abc:abc "$to"

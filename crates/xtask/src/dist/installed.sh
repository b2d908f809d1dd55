# Installs the packages beside this script in an overlay of the system, uses them as docs/install.md says, and removes them.
# Runs in a mount namespace of its own; the first part mounts, the second one runs inside.
if [ "${1:-}" != inside ]; then
    mkdir root layer
    mount -t tmpfs tmpfs layer
    mkdir layer/upper layer/work
    mount -t overlay overlay -o lowerdir=/,upperdir=layer/upper,workdir=layer/work root
    mount --bind /proc root/proc
    mount --bind /dev root/dev
    mkdir -p root/game
    cp photo.jpg installed.sh *.deb root/game
    exec chroot root sh -eu /game/installed.sh inside
fi

cd /game
before=$(find /usr -name '*volcv*' | wc -l)
dpkg -i ./*.deb
# Files that an image of Debian may leave out are not what is tested here.
cp /usr/share/doc/libvolcv-dev/examples/outpaint.c game.c
set -x

cc game.c -o game $(pkg-config --cflags --libs volcv)
ldd game | grep "libvolcv.so.0.1 => /lib/$(gcc -print-multiarch)/libvolcv.so.0.1"
./game photo.jpg shared.png
cc -DVOLCV_STATIC game.c -o fixed $(pkg-config --static --cflags --libs volcv | sed s/-lvolcv/-l:libvolcv.a/)
if ldd fixed | grep libvolcv; then exit 1; fi
./fixed photo.jpg static.png

cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.21)
project(game C)
find_package(volcv 0.1 CONFIG REQUIRED)
add_executable(game game.c)
target_link_libraries(game PRIVATE volcv::volcv)
CMAKE
cmake -S . -B build >/dev/null
cmake --build build >/dev/null
build/game photo.jpg cmake.png

volcv --version
volcv outpaint photo.jpg -o wide.png --left 0.5 --right 0.5 --quiet
man volcv | grep -q 'EXIT STATUS'
man volcv-outpaint | grep -q -e --keep-original
for picture in static cmake; do cmp shared.png $picture.png; done
bash --norc -c '. /usr/share/bash-completion/completions/volcv; complete -p volcv'

set +x
# Removed, the packages leave nothing.
dpkg --purge libvolcv-dev libvolcv0.1 volcv
test "$(find /usr -name '*volcv*' | wc -l)" = "$before"

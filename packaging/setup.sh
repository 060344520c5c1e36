# shellcheck shell=sh disable=SC2046,SC2086,SC2154 # lists of packages are meant to split
# Sourced by packaging/run, packaging/test and .ci/run, which set $root to the checkout.
#
#   prepare EXTRA               .venv holds latentlab and its dependencies (EXTRA: dev or "")
#   system_libraries PLATFORM   the libraries that Qt's platform plugin loads are there
#
# Progress goes to standard error. Nothing is installed into the user's own Python.

venv=$root/.venv
stamp=$venv/latentlab-stamp
new_enough="assert sys.version_info >= (3, 12)"

qt_packages_debian="fonts-dejavu-core libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0
libwayland-client0 libwayland-cursor0 libwayland-egl1 libx11-xcb1 libxcb-cursor0 libxcb-icccm4
libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0
libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0"
qt_packages_fedora="dbus-libs dejavu-sans-fonts fontconfig glib2 libglvnd-egl libglvnd-glx
libwayland-client libwayland-cursor libwayland-egl libX11-xcb libxcb libxkbcommon libxkbcommon-x11
xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm"
qt_packages_arch="dbus fontconfig glib2 libglvnd libx11 libxcb libxkbcommon libxkbcommon-x11
ttf-dejavu wayland xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm"

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# The command for each family of systems: Debian's packages, Fedora's, Arch's.
advise() {
    say "  Debian, Ubuntu:  sudo apt-get install" $1
    say "  Fedora:          sudo dnf install" $2
    say "  Arch:            sudo pacman -S --needed" $3
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs Debian packages where that needs no password.
apt_install() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    say "Installing system packages with apt-get ..."
    set -- -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
    as_root apt-get update -qq >/dev/null 2>&1 || true
    output=$(as_root env DEBIAN_FRONTEND=noninteractive apt-get install "$@" 2>&1) && return
    say "$output"
    return 1
}

# --- uv ---------------------------------------------------------------------------------------

# uv is a program, or a module of the Python named in $uv.
run_uv() {
    case $uv in
        python*) "$uv" -m uv "$@" ;;
        *) "$uv" "$@" ;;
    esac
}

# A version manager's shim may exist and fail, so each candidate has to answer.
find_uv() {
    for uv in "$root/.tools/bin/uv" uv "${HOME:-}/.local/bin/uv" "${HOME:-}/.cargo/bin/uv" python3; do
        if run_uv --version >/dev/null 2>&1; then return; fi
    done
    get_uv
}

get_uv() {
    say "Getting uv, which makes the Python environment ..."
    modules="import ensurepip, venv"
    python=$(find_python "$modules") || { apt_install python3-venv && python=$(find_python "$modules"); } || {
        say "latentlab is set up with uv, and this Python cannot install it. Install one of these, then start again:"
        advise python3-venv uv uv
        exit 1
    }
    rm -rf "$root/.tools"
    { "$python" -m venv "$root/.tools" &&
        PIP_USER=0 "$root/.tools/bin/python" -m pip install -q --disable-pip-version-check uv; } ||
        fail "uv could not be installed into .tools; the lines above say why."
    uv=$root/.tools/bin/uv
}

# Prints the first Python that can run these imports and checks.
find_python() {
    for python in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python \
        "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
        if "$python" -c "import sys; $1; print(sys.executable)" 2>/dev/null; then return; fi
    done
    return 1
}

# --- the environment --------------------------------------------------------------------------

prepare() {
    extra=$1
    wanted=$(cd "$root" && cat pyproject.toml packaging/constraints.txt .python-version | cksum)
    wanted="$wanted in $root with"
    found=$(cat "$stamp" 2>/dev/null) || found=
    case $found in *" with dev") extra=dev ;; esac
    if [ -x "$venv/bin/python" ] && [ "$found" = "$wanted $extra" ]; then return; fi
    if [ -z "$found" ]; then
        say "Setting up latentlab (once; PyTorch is a large download, this can take some minutes) ..."
    else
        say "Bringing latentlab's environment up to date ..."
    fi
    (cd "$root" && find_uv && make_venv && install_latentlab) || exit 1
    echo "$wanted $extra" >"$stamp"
    offer_system_libraries || true
    say "latentlab is set up."
}

# uv takes the Python of .python-version, here or downloaded; else another one that is new enough.
make_venv() {
    if venv_is_usable; then return; fi
    rm -rf "$venv"
    output=$(run_uv venv -q "$venv" 2>&1) && return
    python=$(find_python "$new_enough") && run_uv venv -q --python "$python" "$venv" && return
    say "$output"
    fail "latentlab needs Python 3.12 or newer, and uv could not get one. Install one, then start again."
}

# A moved checkout leaves an environment whose programs point to the old place.
venv_is_usable() {
    case $found in "" | *" in $root with"*) ;; *) return 1 ;; esac
    "$venv/bin/python" -c "import sys; $new_enough" 2>/dev/null
}

install_latentlab() {
    set -- --python "$venv/bin/python" --compile-bytecode -c packaging/constraints.txt -e ".${extra:+[$extra]}"
    if [ ! -t 2 ]; then set -- -q "$@"; fi
    UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} run_uv pip install "$@" ||
        fail "latentlab could not be installed; the lines above say why. Starting again goes on from here."
}

# --- Qt's system libraries --------------------------------------------------------------------

# Lists what the dynamic linker does not find for these platform plugins.
missing_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    for platform; do
        ldd "$venv"/lib/python3*/site-packages/PySide6/Qt/plugins/platforms/libq"$platform"*.so 2>/dev/null
    done | sed -n 's/^[[:space:]]*\(.*\) => not found.*/\1/p' | sort -u
}

offer_system_libraries() {
    [ -z "$(missing_libraries offscreen xcb wayland)" ] || apt_install $qt_packages_debian
}

system_libraries() {
    if [ -z "$(missing_libraries "$1")" ] || offer_system_libraries; then return; fi
    say "Qt, which draws latentlab's window, needs libraries that are not installed here:"
    say " " $(missing_libraries "$1")
    say "Install them with the line for your system, then start again:"
    advise "$qt_packages_debian" "$qt_packages_fedora" "$qt_packages_arch"
    return 1
}

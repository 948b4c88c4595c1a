# shellcheck shell=bash disable=SC2034
# For scripts/backup and scripts/restore, which source it: settings, and libpq's connection without a password in any
# command line, because `ps` shows those to every user of the host.

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

usage_fault() {
  echo "$(basename "$0"): $*; see --help" >&2
  exit 2
}

# setting_of FILE NAME: the value in an environment file as systemd reads it (NAME=value, perhaps in quotes).
setting_of() {
  local value
  value=$(sed -n "s/^[[:space:]]*$2=//p" "$1" | tail -n 1)
  value=${value%"${value##*[![:space:]]}"}
  case $value in
    \"*\") value=${value#\"} value=${value%\"} ;;
    \'*\') value=${value#\'} value=${value%\'} ;;
  esac
  printf '%s' "$value"
}

# percent_decoded TEXT: `%40` becomes `@`. A backslash stays one.
percent_decoded() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

# connect_to URL: sets DATABASE (the URL less its password) and exports PGPASSWORD, which only this user and root see.
connect_to() {
  local pattern='^(postgres(ql)?://)([^:/?#]*)(:([^/?#]*))?@(.*)$'
  case $1 in
    postgres://* | postgresql://*) ;;
    *) fail "DATABASE_URL takes a URL that starts with postgres:// or postgresql://" ;;
  esac
  case $1 in
    *[?\&]password=*) fail "DATABASE_URL has its password after the question mark: write it as user:password@host" ;;
  esac
  DATABASE=$1
  if [[ $1 =~ $pattern ]]; then
    DATABASE="${BASH_REMATCH[1]}${BASH_REMATCH[3]}@${BASH_REMATCH[6]}"
    if [ -n "${BASH_REMATCH[4]}" ]; then
      PGPASSWORD=$(percent_decoded "${BASH_REMATCH[5]}")
      export PGPASSWORD
    fi
  fi
  PGAPPNAME="strowger-$(basename "$0")"
  export PGAPPNAME PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 ||
      fail "$program is missing: install PostgreSQL's client programs, of the server's version or newer (Debian: postgresql-client)"
  done
}

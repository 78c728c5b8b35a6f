/** The words that a fault's shell lines are written in. */
export const words = `
state=/var/lib/lab-faults/$fault
domain=$(sed -n 's/^ *server_name \\([^ ;]*\\).*/\\1/p' nginx/conf.d/site.conf | sed -n 1p)
scheme=http
! grep -q ssl_certificate nginx/conf.d/site.conf || scheme=https

# status PATH: what the shop answers to a visitor, 000 when nothing
status() {
  curl -sk -o /dev/null -w '%{http_code}' --max-time 8 -u staging:staging \\
    --resolve "$domain:443:127.0.0.1" --resolve "$domain:80:127.0.0.1" "$scheme://$domain$1" || true
}
# health: the health endpoint's JSON as the backend gives it to its own container
health() { compose exec -T backend curl -s --max-time 20 http://localhost:8000/api/health/ || true; }
# has PATTERN TEXT: not a pipe into grep -q, whose early end would count as the first command's failure
has() { grep -q -- "$1" <<< "$2"; }
# wait_for CONDITION
wait_for() { for _ in $(seq 150); do if eval "$1"; then return; fi; sleep 0.2; done; echo "never: $1" >&2; return 1; }
# state_of SERVICE: running/healthy, exited/, restarting/unhealthy …; empty when it was never created
state_of() { compose ps --all --format '{{.State}}/{{.Health}}' "$1" | sed -n 1p; }
container() { compose ps --all --quiet "$1" | sed -n 1p; }
recreate() { compose up --detach --no-deps --force-recreate "$@"; }
# The addresses of recreated containers may have changed; where nginx cannot be told now, the fault itself is why.
reload() { compose exec -T nginx nginx -s reload 2> /dev/null || true; }

get_key() { sed -n "s/^$2=//p" "$1"; }
set_key() { sed -i "s|^$2=.*|$2=$(printf %s "$3" | sed 's/[&|\\\\]/\\\\&/g')|" "$1"; }
# keep_key FILE KEY / put_back_key FILE KEY: one key, so that faults in the same file can be undone in any order
keep_key() { mkdir -p "$state" && { [ -e "$state/\${1##*/}:$2" ] || get_key "$1" "$2" > "$state/\${1##*/}:$2"; }; }
put_back_key() { [ ! -e "$state/\${1##*/}:$2" ] || { set_key "$1" "$2" "$(cat "$state/\${1##*/}:$2")" && rm "$state/\${1##*/}:$2"; }; }

# in_service NAME EXPRESSION: a sed expression for one service's lines of the compose file
in_service() { sed -i "/^  $1:/,/^  [a-z]/ { $2 }" "$compose_file"; }

sql() { compose exec -T db psql -XAtq -U "$(get_key "$env_file" DB_USER)" -d "$(get_key "$env_file" DB_NAME)" -c "$1"; }
redis() { compose exec -T redis redis-cli "$@"; }
`

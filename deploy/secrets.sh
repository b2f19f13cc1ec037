#!/bin/bash
# Makes the secrets of a deployment, once: files in deploy/secrets/, a folder that nobody else may enter. What
# is there already stays. With a program (`deploy/secrets.sh path/to/yimen`) the actor keys come from it; without
# one, from the image.
set -euo pipefail

program=${1:+$(realpath "$1")}
cd "$(dirname "$0")"

umask 077
mkdir -p secrets
make() { [ -s "secrets/$1" ] || { "${@:2}" | tr -d '\n' > "secrets/$1"; echo "made deploy/secrets/$1"; }; }
random() { openssl rand -hex 24; }

make postgres_password random
make rabbitmq_password random
make operator_password random
make database_url echo "postgres://yimen:$(cat secrets/postgres_password)@postgres/yimen"
make amqp_url echo "amqp://yimen:$(cat secrets/rabbitmq_password)@rabbitmq:5672/%2f"
make bank_key openssl rand -hex 32

if [ ! -s secrets/actor_private_key ]; then
  if [ -n "$program" ]; then keys=$("$program" keys); else keys=$(docker run --rm yimen keys); fi
  value() { sed -n "s/^.*$1=//p" <<<"$keys"; }
  make actor_private_key value YIMEN_ACTOR_PRIVATE_KEY
  make actor_public_key value YIMEN_ACTOR_PUBLIC_KEY
fi
# RabbitMQ reads its first user from a file of its own form.
[ -s secrets/rabbitmq.conf ] || printf 'default_user = yimen\ndefault_pass = %s\n' "$(cat secrets/rabbitmq_password)" > secrets/rabbitmq.conf
# Containers run as other users and get each file alone; on this machine the folder keeps everybody out.
chmod 644 secrets/*
chmod 700 secrets

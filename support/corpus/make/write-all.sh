#!/usr/bin/env bash
# Makes the corpus anew: runs each writer's program over the same events and packs their texts. Wants Node, Python 3.10,
# Go, Java with Maven, Rust with Cargo, Ruby, and Mono with Json.NET (Debian: ruby mono-mcs
# libnewtonsoft-json5.0-cil). Works in a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run_ts="--import $here/../../run-ts.mjs"
events=$work/events.json
mkdir "$work/texts"
made() { # NAME "WHAT WROTE IT": its texts are in $work/out
  mv "$work/out" "$work/texts/$1"
  printf '%s\t%s\n' "$1" "$2" >> "$work/writers.tsv"
}
cd "$here/writers"
cp -r go java rust csharp "$work"
node $run_ts "$here/make-events.ts" "$events"

for form in compact indented; do
  node javascript.mjs "$form" "$events" "$work/out"
  made "javascript-$form" "Node $(node --version), JSON.stringify"
done
stock() { # VERSION
  python3 -m venv "$work/venv-$1"
  "$work/venv-$1/bin/pip" install -q "prefect-client==$1" orjson
  PREFECT_HOME=$work/prefect "$work/venv-$1/bin/python" prefect_client.py "$events" "$work/out"
  pydantic=$("$work/venv-$1/bin/python" -c 'import pydantic; print(pydantic.VERSION)')
  made "prefect-${1%.*}" "prefect-client $1, pydantic $pydantic"
}
stock 2.20.25
stock 3.9.0
python=$work/venv-3.9.0/bin/python
for form in json json-utf8 orjson; do
  "$python" python.py "$form" "$events" "$work/out"
  library=json
  [ "$form" != orjson ] || library=$("$python" -c 'import orjson; print("orjson", orjson.__version__)')
  made "python-$form" "$("$python" --version), $library"
done
(cd "$work/go" && go run . "$events" "$work/out")
made go "$(go version | cut -d' ' -f3), encoding/json"
(cd "$work/java" && mvn -q -B compile dependency:build-classpath -Dmdep.outputFile="$work/java/path")
java=$(java -XshowSettings:properties -version 2>&1 | awk '/java.version =/ { print $3 }')
for form in seconds iso; do
  java -cp "$work/java/target/classes:$(cat "$work/java/path")" Writer "$form" "$events" "$work/out"
  made "java-$form" "Java $java, Jackson 2.17.2"
done
(cd "$work/rust" && cargo run -q -- "$events" "$work/out")
serde=$(awk '/^name = "serde_json"/ { getline; gsub(/"/, "", $3); print $3 }' "$work/rust/Cargo.lock")
made rust "$(rustc --version | cut -d' ' -f1,2), serde_json $serde"
ruby ruby.rb "$events" "$work/out"
made ruby "$(ruby -e 'require "json"; puts "Ruby #{RUBY_VERSION}, json #{JSON::VERSION}"')"
net=/usr/lib/cli/Newtonsoft.Json-5.0
mcs -nologo -out:"$work/Writer.exe" -r:"$net/Newtonsoft.Json.dll" csharp/Writer.cs
MONO_PATH=$net mono "$work/Writer.exe" "$events" "$work/out"
json_net=$(dpkg-query -W -f '${Version}' libnewtonsoft-json5.0-cil | cut -d+ -f1)
made csharp "Mono $(mono --version | awk 'NR == 1 { print $5 }'), Json.NET $json_net"

node $run_ts "$here/pack.ts" "$events" "$work" "$here/../texts.br"

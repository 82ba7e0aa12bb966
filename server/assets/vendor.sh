#!/bin/sh
# Fetches the two documentation pages' programs again, as they lie here. Needs npm, perl and gzip.
#
# They are committed so that a build needs no network, and served so that a browser needs none either.
set -eu

SWAGGER_UI=5.35.0
REDOC=2.5.4

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fetch() {
    npm pack --silent "$1@$2" >/dev/null
    mkdir "$1"
    tar -xzf "$1-$2.tgz" -C "$1" --strip-components=1
}

pack() {
    gzip -9 -n -c "$1" >"$here/$2.gz"
}

fetch swagger-ui-dist "$SWAGGER_UI"
pack swagger-ui-dist/swagger-ui-bundle.js swagger-ui-bundle.js
pack swagger-ui-dist/swagger-ui.css swagger-ui.css
cat swagger-ui-dist/NOTICE swagger-ui-dist/LICENSE swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt \
    >"$here/swagger-ui-bundle.js.LICENSE.txt"

fetch redoc "$REDOC"
# The one thing that ReDoc would load from elsewhere is its maker's logo: it is never shown.
perl -0pi -e '
    my $found = s|\(\)=>\{t\(!0\)\},\[\]\),e\?(n\.createElement\("img",\{alt:"redocly logo",onError:\(\)=>t\(!1\),src:)"https://cdn\.redoc\.ly/redoc/logo-mini\.svg"|()=>{t(!1)},[]),e?$1""|g;
    die "the logo is not where it was\n" unless $found == 1;
' redoc/bundles/redoc.standalone.js
pack redoc/bundles/redoc.standalone.js redoc.standalone.js
cat redoc/LICENSE redoc/bundles/redoc.standalone.js.LICENSE.txt >"$here/redoc.standalone.js.LICENSE.txt"

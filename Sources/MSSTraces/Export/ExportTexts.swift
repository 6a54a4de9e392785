/// The texts that go with an export; an authority reads them, so they are in French.
enum ExportTexts {
    static func readme(_ store: String, _ query: TraceQuery, _ purpose: TracePurpose, _ records: Int) -> String {
        """
        Export de traces MSSanté

        Journal : \(store)
        Demande : \(purpose.text)
        Critères : \(query.text)
        Traces exportées : \(records)

        traces.jsonl   une trace par ligne, avec les sels de ses deux parties (« facts » et « personal »)
        traces.csv     les mêmes traces sous forme de tableau, s'il a été demandé
        preuves/       pour chaque segment du journal : le scellé (.seal), sa signature (.signature) et les
                       maillons de la chaîne (.chaine), qui ne disent rien du contenu des autres traces
        certificats/   les certificats des clés de signature
        verifier.sh    vérifie le tout avec openssl, sed et un shell

        Vérification :  sh verifier.sh            scellés, maillons scellés, traces
                        sh verifier.sh --chaine   de plus, chaque maillon porte l'empreinte du précédent

        Que le certificat soit bien celui de l'opérateur se vérifie à part : son empreinte SHA-256 est le nom de
        son fichier ; « openssl verify » le rattache à l'autorité qui l'a délivré.

        """
    }

    static let script = #"""
        #!/bin/sh
        # Vérifie un export de traces avec openssl, sed et un shell. Sortie 0 : tout est conforme.
        LC_ALL=C
        export LC_ALL
        cd "$(dirname "$0")" || exit 2
        work=$(mktemp -d) || exit 2
        trap 'rm -rf "$work"' EXIT
        bad=0
        wrong() {
            echo "ANOMALIE : $*"
            bad=1
        }
        sha() { openssl dgst -sha256 -r | cut -d' ' -f1; }
        field() { sed -n "s/^$2: //p" "$1"; }

        # 1. Les certificats : leur nom est leur empreinte.
        for certificate in certificats/*.pem; do
            name=$(basename "$certificate" .pem)
            [ "$(openssl x509 -in "$certificate" -outform DER | sha)" = "$name" ] || wrong "certificat $name"
            openssl x509 -in "$certificate" -pubkey -noout >"$work/$name.key" || wrong "certificat $name"
        done

        # 2. Les scellés : signature, suite des scellés, et maillons que chacun scelle.
        seals=0 family= number=0 digest=
        for seal in preuves/*.seal; do
            base=${seal%.seal}
            signer=$(field "$seal" certificate)
            openssl dgst -sha256 -verify "$work/$signer.key" -signature "$base.signature" "$seal" >/dev/null 2>&1 ||
                wrong "signature de $seal"
            if [ "$(field "$seal" family)" = "$family" ] && [ "$(field "$seal" segment)" -eq $((number + 1)) ]; then
                [ "$(field "$seal" previous-seal)" = "$digest" ] || wrong "suite des scellés avant $seal"
            fi
            family=$(field "$seal" family) number=$(field "$seal" segment) digest=$(sha <"$seal")
            [ "$base" = "preuves/$family-$(printf '%010d' "$number")" ] || wrong "nom de $seal"
            seals=$((seals + 1))
            [ -f "$base.chaine" ] || continue
            [ "$(sha <"$base.chaine")" = "$(field "$seal" chain)" ] || wrong "maillons $base.chaine"
            [ "$(tail -n 1 "$base.chaine" | sha)" = "$(field "$seal" head)" ] || wrong "dernier maillon de $base.chaine"
            if [ "$1" = --chaine ]; then
                digest_before=$(field "$seal" previous-head)
                while IFS=' ' read -r title name sequence time before rest; do
                    [ "$before" = "$digest_before" ] || wrong "maillon $name $sequence"
                    digest_before=$(printf '%s\n' "$title $name $sequence $time $before $rest" | sha)
                done <"$base.chaine"
            fi
        done
        for erasure in preuves/*.erasure; do
            [ -f "$erasure" ] || continue
            openssl dgst -sha256 -verify "$work/$(field "$erasure" certificate).key" \
                -signature "$erasure-signature" "$erasure" >/dev/null 2>&1 || wrong "signature de $erasure"
        done

        # 3. Les traces : l'empreinte de chaque partie, avec son sel, est dans le maillon scellé de ce numéro.
        records=0
        while IFS= read -r line; do
            set -- $(printf '%s\n' "$line" |
                sed -n 's/^{"family":"\([a-z]*\)","segment":\([0-9]*\),"sequence":\([0-9]*\),.*$/\1 \2 \3/p')
            chain=preuves/$1-$(printf '%010d' "${2:-0}").chaine
            name="$1 $3"
            set -- $(sed -n "s/^mss-trace-1 $1 $3 //p" "$chain")
            if [ $# -ne 4 ]; then
                wrong "trace $name : aucun maillon"
                continue
            fi
            case $line in
            *",\"written\":\"$1\",\"saltFacts\":"*) ;;
            *) wrong "trace $name : heure d'écriture" ;;
            esac
            for part in facts personal; do
                case $part in
                facts) salt=saltFacts digest=$3 text=$(printf '%s\n' "$line" |
                    sed -n 's/^.*,"facts":\({.*}\),"personal":.*$/\1/p') ;;
                personal) salt=saltPersonal digest=$4 text=$(printf '%s\n' "$line" |
                    sed -n 's/^.*,"personal":\({.*}\)}$/\1/p') ;;
                esac
                salt=$(printf '%s\n' "$line" | sed -n "s/^.*,\"$salt\":\"\([0-9a-f]*\)\".*\$/\1/p")
                if [ -z "$salt" ] && [ -z "$text" ]; then
                    echo "trace $name : partie « $part » effacée à la fin de sa conservation"
                elif [ "$(printf '%s%s' "$salt" "$text" | sha)" != "$digest" ]; then
                    wrong "trace $name, partie « $part »"
                fi
            done
            records=$((records + 1))
        done <traces.jsonl

        [ "$bad" -eq 0 ] && echo "conforme : $records traces, $seals scellés"
        exit "$bad"

        """#
}

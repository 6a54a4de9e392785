import MSSAccounts
import MSSCore

extension OperatorCheck {
    /// What users accept before they use the service, and what they are told (EX_DCU_5030, EX_GDT_5020).
    func terms() -> [CheckItem] {
        var items: [CheckItem] = []
        if let terms = settings.termsOfUse {
            let admitted =
                terms.formerVersions.isEmpty ? "" : ", ou \(terms.formerVersions.sorted().joined(separator: ", "))"
            items.append(
                CheckItem(
                    "Conditions d'utilisation", terms.address == nil ? .warning : .ok,
                    "La version \(terms.version)\(admitted) est exigée avant tout usage"
                        + (terms.address.map { " ; texte : \($0)." } ?? ", mais son texte n'a pas d'adresse."),
                    remedy: terms.address == nil
                        ? "Donnez « conditions.adresse » : l'usager refusé y est renvoyé." : nil, "EX_DCU_5030"))
        } else {
            items.append(
                CheckItem(
                    "Conditions d'utilisation", .warning,
                    "Aucune version n'est déclarée : rien n'est demandé aux usagers.",
                    remedy:
                        "Donnez « conditions.version » et « conditions.adresse », puis notez les acceptations (mss-operator bal conditions), ou assurez-vous-en autrement.",
                    "EX_DCU_5030"))
        }
        items.append(
            settings.terms.tellsAtFirstUse
                ? CheckItem(
                    "Information sur les traces", .ok,
                    "Les usagers trouvent un avis à leur premier usage ; les actions des administrateurs sont tracées à leur nom, et la commande le leur dit.",
                    "EX_GDT_5020")
                : CheckItem(
                    "Information sur les traces", .warning, "Les usagers ne trouvent pas d'avis à leur premier usage.",
                    remedy: "Informez-les autrement, ou retirez « conditions.avis_premier_usage: non ».", "EX_GDT_5020")
        )
        return items
    }
}

/// The words by which mail systems and people announce absences, full mailboxes and failures, folded
/// (``LatinText/folded(_:)``): lower case, no accents, straight apostrophes.
///
/// Gathered from what Exchange and Outlook, Postfix, Exim, Sendmail, Dovecot, Zimbra, OVH, Orange, Gmail and French users
/// are known to write.
enum NoticePhrases {
    /// Subjects that only automatic replies have.
    static let absenceSubjects = [
        "reponse automatique", "automatic reply", "auto-reply", "autoreply", "auto reply", "out of office",
        "out of the office",
        "absence du bureau", "message d'absence", "absent du bureau", "je suis absent", "je suis absente", "absence :",
        "absence:",
        "reponse d'absence", "en conges", "en vacances", "notification d'absence", "ooo:", "vacation",
        "away from my mail",
    ]

    /// Sentences of absence in a body.
    static let absenceBodies = [
        "je suis absent", "je suis actuellement absent", "je serai absent", "je suis en conge",
        "je suis actuellement en conge",
        "je suis en vacances", "absent du bureau", "absente du bureau", "de retour le", "de retour a compter du",
        "serai de retour",
        "a mon retour", "en mon absence", "pendant mon absence", "durant mon absence", "pendant cette absence",
        "le cabinet est ferme", "le cabinet sera ferme", "le secretariat est ferme", "le service est ferme",
        "out of office",
        "out of the office", "i am away", "i will be away", "on vacation", "on annual leave", "on leave until",
        "limited access to email", "i will return", "will be back on",
    ]

    /// Full mailboxes.
    static let overQuota = [
        "boite aux lettres pleine", "boite aux lettres du destinataire est pleine", "boite de reception est pleine",
        "boite de reception du destinataire est pleine", "boite aux lettres est saturee", "boite saturee",
        "quota depasse",
        "quota est depasse", "quota de la boite", "depasse son quota", "depassement de quota", "a atteint son quota",
        "quota atteint",
        "limite de stockage", "espace de stockage insuffisant", "plus d'espace disponible",
        "mailbox full", "mailbox is full", "mailbox for user is full", "mailbox quota exceeded", "quota exceeded",
        "over quota",
        "overquota", "exceeded storage allocation", "insufficient system storage", "user has exceeded", "storage quota",
        "disk quota exceeded", "not enough storage space", "mailbox size limit", "inbox is full", "overquotatemp",
        "overquotaperm",
        "recipient's mailbox is full", "status=bounced (quota",
    ]

    /// Unknown addresses.
    static let unknown = [
        "adresse inconnue", "utilisateur inconnu", "destinataire inconnu", "adresse de messagerie introuvable",
        "adresse e-mail que vous avez entree est introuvable",
        "adresse de messagerie que vous avez entree est introuvable",
        "n'a pas ete trouvee", "n'existe pas", "boite aux lettres inexistante", "user unknown", "unknown user",
        "no such user",
        "no such mailbox", "unknown recipient", "recipient unknown", "recipient not found", "recipnotfound",
        "mailbox unavailable", "user doesn't exist", "user does not exist",
        "account that you tried to reach does not exist",
        "address rejected: user unknown", "couldn't be found", "wasn't found at", "recipient address rejected",
        "mailbox does not exist", "invalid recipient",
    ]

    /// Suspended or closed mailboxes.
    static let suspended = [
        "boite aux lettres suspendue", "compte suspendu", "compte desactive", "boite desactivee", "mailbox disabled",
        "account disabled", "account has been disabled", "account is disabled", "account suspended",
        "mailbox is inactive",
        "account is inactive", "has been suspended",
    ]

    /// Messages too large.
    static let tooLarge = [
        "message trop volumineux", "taille du message depasse", "depasse la taille", "message size exceeds",
        "message too large",
        "message is too large", "message file too big", "exceeds size limit", "exceeded the maximum message size",
        "exceeds fixed limit", "exceeds maximum",
    ]

    /// Malware.
    static let malware = [
        "virus detecte", "virus a ete detecte", "contenu malveillant", "piece jointe infectee", "contains a virus",
        "virus found",
        "virus detected", "infected with", "malware", "eicar", "message contained a virus",
    ]

    /// Given up after a time.
    static let expired = [
        "delai d'attente", "delai expire", "delivery time expired", "retry timeout exceeded", "message expired",
        "queue too long",
        "could not be delivered for", "retry time not reached", "connection timed out",
    ]

    /// Not yet delivered.
    static let delayed = [
        "retarde", "avertissement : message toujours", "remise differee", "remise retardee", "delivery delayed",
        "delayed mail (still being retried)", "delivery is delayed", "has been delayed", "still being retried",
        "warning: could not send message", "warning: message", "do not need to resend",
    ]

    /// What only French notices say.
    static let french = [
        "votre message", "n'a pas pu etre", "n'a pas ete", "a ete remis", "a ete lu", "a ete affiche",
        "ce destinataire", "boite aux lettres",
    ]

    /// What notices in English say: in these, the French words are those of a server that they quote.
    static let english = [
        "your message", "your mail", "this is the", "i'm sorry", "could not be", "couldn't be", "was not delivered",
        "undeliverable", "has been displayed", "was displayed", "was read",
    ]

    /// Any failure to deliver.
    static let failure = [
        "non remis", "n'a pas pu etre remis", "n'a pas pu etre delivre", "n'a pas pu etre distribue",
        "echec de la remise",
        "echec de remise", "echec de la distribution", "impossible de remettre", "n'est pas parvenu",
        "votre message n'a pas ete remis", "non distribue", "non distribuable", "undeliverable", "undelivered mail",
        "delivery status notification (failure)", "delivery failure", "delivery has failed", "mail delivery failed",
        "returned mail", "could not be delivered", "couldn't be delivered", "failure notice", "mail delivery subsystem",
        "message not delivered", "returned to sender",
    ]
}

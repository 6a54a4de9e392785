// What a person does in Thunderbird, by the functions that its windows call. Run by drive.py with Thunderbird's own rights.

const load = name => ChromeUtils.importESModule(`resource:///modules/${name}.sys.mjs`);
const { MailServices } = load("MailServices");
const { OAuth2Providers } = load("OAuth2Providers");
const { JXON } = load("JXON");
const { MsgHdrToMimeMessage } = load("gloda/MimeMessage");
const { readFromXML } = load("accountcreation/readFromXML");
const { AccountConfig } = load("accountcreation/AccountConfig");
const { CreateInBackend } = load("accountcreation/CreateInBackend");

const outcome = (status, what, resolve, reject) =>
  Components.isSuccessCode(status) ? resolve() : reject(new Error(`${what}: ${status.toString(16)}`));

/** What ends with a notice to an nsIMsgCopyServiceListener. */
const copy = start =>
  new Promise((resolve, reject) =>
    start({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
      onStartCopy() {},
      onProgress() {},
      setMessageKey() {},
      getMessageId: () => null,
      onStopCopy: status => outcome(status, "copy", resolve, reject),
    })
  );

const account = () => MailServices.accounts.defaultAccount;
const root = () => account().incomingServer.rootFolder;
const inbox = () => root().getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const folder = name => (name == "INBOX" ? inbox() : root().descendants.find(one => one.name == name));
const subject = header => header.mime2DecodedSubject;
const find = (one, text) => [...one.messages].find(header => subject(header) == text);

/** Looks some times, a moment apart, for what Thunderbird does by itself. */
const look = async (times, condition) => {
  for (let time = 0; time < times; time++) {
    const value = await condition();
    if (value) return value;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return null;
};
const until = condition => look(Infinity, condition);

const steps = {
  /** The account, from the operator's config-v1.1.xml as Thunderbird reads it. */
  async configure(task) {
    if (task.provider) {
      // What an add-on's manifest does: Thunderbird takes tokens only from issuers that it knows.
      const { discovery, hosts, ...provider } = task.provider;
      const found = await (await fetch(discovery)).json();
      provider.authorizationEndpoint = found.authorization_endpoint;
      provider.tokenEndpoint = found.token_endpoint;
      const scopes = "openid scope_all";
      if (OAuth2Providers.registerProvider.length > 3) {
        // Thunderbird 140.
        OAuth2Providers.registerProvider(
          provider.name, provider.clientId, provider.clientSecret, provider.authorizationEndpoint,
          provider.tokenEndpoint, provider.redirectionEndpoint, provider.usePKCE, hosts, scopes
        );
      } else {
        OAuth2Providers.registerProvider(provider, hosts, scopes);
      }
    }
    const text = await (await fetch(task.autoconfiguration)).text();
    const config = readFromXML(JXON.build(new DOMParser().parseFromString(text, "text/xml")), "isp");
    config.identity.realname = task.name;
    config.identity.emailAddress = task.address;
    AccountConfig.replaceVariables(config, task.name, task.address, task.password ?? "");
    config.rememberPassword = true;
    config.outgoing.addThisServer = true;
    config.incoming.loginAtStartup = false;
    await CreateInBackend.createAccountInBackend(config);
    account().defaultIdentity.composeHtml = false;
    return [config.incoming, config.outgoing].map(server => `${server.hostname}:${server.port}`);
  },

  /** Asks for mail for the first time. It goes on while the person signs in. */
  async open() {
    account().incomingServer.getNewMessages(root(), null, null);
  },

  /** The person answers on the page that Thunderbird shows in a window of its own. */
  async consent(task) {
    const frame = await until(() =>
      [...Services.wm.getEnumerator(null)]
        .map(window => window.document.getElementById("requestFrame"))
        .find(one => one?.currentURI?.schemeIs("https") && !one.webProgress.isLoadingDocument)
    );
    const address = frame.currentURI;
    const page = new DOMParser().parseFromString(await (await fetch(address.spec)).text(), "text/html");
    const form = page.querySelector("form");
    const fields = new URLSearchParams([...form.querySelectorAll("input")].map(one => [one.name, one.value]));
    fields.append("personne", task.person);
    const body = Cc["@mozilla.org/io/string-input-stream;1"].createInstance(Ci.nsIStringInputStream);
    body.setByteStringData(fields.toString());
    const postData = Cc["@mozilla.org/network/mime-input-stream;1"].createInstance(Ci.nsIMIMEInputStream);
    postData.addHeader("Content-Type", "application/x-www-form-urlencoded");
    postData.setData(body);
    frame.loadURI(Services.io.newURI(form.getAttribute("action"), null, address), {
      triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal(),
      postData,
    });
    return page.title;
  },

  /** The folders, once the first look at the mailbox has found them. */
  async folders() {
    await until(() => inbox() && root().descendants.length > 1);
    return root().descendants.map(one => one.name);
  },

  /** The subjects in a folder, once there are so many messages. */
  async list(task, name, count) {
    const messages = () => [...folder(name).messages];
    const looks = () => {
      // As a click on the folder; while Thunderbird is busy it does nothing.
      folder(name).updateFolder(null);
      return look(20, () => messages().length >= count);
    };
    await until(looks);
    return messages().map(subject);
  },

  /** The text of a message, as the reading pane has it, and its attachments. */
  async read(task, text) {
    const header = find(inbox(), text);
    return new Promise(resolve =>
      MsgHdrToMimeMessage(
        header,
        null,
        (_, message) =>
          resolve({
            text: message.coerceBodyToPlaintext(inbox()),
            attachments: message.allUserAttachments.map(one => `${one.name} ${one.size}`),
          }),
        true
      )
    );
  },

  /** Writes and sends; a copy goes where the account keeps what was sent. */
  async send(task, to, text) {
    const identity = account().defaultIdentity;
    const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    Object.assign(fields, { from: `${task.name} <${task.address}>`, to, subject: text, body: `${text} : le texte\n` });
    await new Promise((resolve, reject) =>
      Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend).createAndSendMessage(
        null, identity, account().key, fields, false, false, Ci.nsIMsgSend.nsMsgDeliverNow, null, "text/plain",
        fields.body, null, null,
        {
          QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
          onStartSending() {},
          onSendProgress() {},
          onStatus() {},
          onStopSending: (_, status) => Components.isSuccessCode(status) || outcome(status, "send", resolve, reject),
          onSendNotPerformed: (_, status) => outcome(status, "not sent", reject, reject),
          onTransportSecurityError: (_, status) => outcome(status, "security", reject, reject),
          onGetDraftFolderURI() {},
          onStartCopy() {},
          onProgress() {},
          setMessageKey() {},
          getMessageId: () => null,
          onStopCopy: status => outcome(status, "copy of what was sent", resolve, reject),
        },
        "", "", Ci.nsIMsgCompType.New
      )
    );
  },

  /** Waits for a message that nobody asked for: the server tells (IDLE). */
  async watch(task, text) {
    await until(() => find(inbox(), text));
    return true;
  },

  /** A star, a folder, a message moved into it, another deleted. */
  async tidy(task, starred, moved, deleted) {
    inbox().markMessagesFlagged([find(inbox(), starred)], true);
    inbox().markMessagesRead([find(inbox(), starred)], true);
    root().createSubfolder("Patients", null);
    const target = await until(() => folder("Patients"));
    await copy(listener =>
      MailServices.copy.copyMessages(inbox(), [find(inbox(), moved)], target, true, listener, null, false));
    await copy(listener => inbox().deleteMessages([find(inbox(), deleted)], null, false, false, listener, false));
  },

  /** A search that the server does. */
  async search(task, words) {
    const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
    session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, inbox());
    const term = session.createTerm();
    const value = term.value;
    Object.assign(value, { attrib: Ci.nsMsgSearchAttrib.Body, str: words });
    Object.assign(term, { attrib: Ci.nsMsgSearchAttrib.Body, op: Ci.nsMsgSearchOp.Contains, value, booleanAnd: false });
    session.appendTerm(term);
    const found = [];
    await new Promise((resolve, reject) => {
      session.registerListener({
        QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
        onSearchHit: header => found.push(subject(header)),
        onSearchDone: status => outcome(status, "search", resolve, reject),
        onNewSearch() {},
      });
      session.search(null);
    });
    return found;
  },
};

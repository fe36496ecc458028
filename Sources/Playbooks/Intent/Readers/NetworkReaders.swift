import CupelCore

/// What an ask gives for the modules that deal with names, ports and packets.
enum NetworkReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        "hostname": { reading in hostname(reading) },
        "iptables": { reading in firewall(reading) },
        "wait_for": { reading in wait(reading) },
        "wait_for_connection": { reading in
            let asked =
                reading.wants(.wait)
                && (reading.has("reachable", "connection", "back", "online")
                    || reading.words.count <= 3 && reading.pointsBack)
            return asked ? ModuleReading(title: "Wait for the connection") : nil
        },
        "ping": { reading in
            let asked =
                reading.wants(.ping) && reading.urls().isEmpty
                || reading.wants(.check) && !reading.has("port") && reading.has("reachable", "connectivity", "alive")
            return asked ? ModuleReading(title: "Ping the hosts") : nil
        },
        "known_hosts": { reading in knownHost(reading) },
    ]
    /// Ports of services by the names that people use (IANA's registry).
    private static let ports: [String: String] = [
        "ssh": "22", "http": "80", "https": "443", "smtp": "25", "dns": "53", "mysql": "3306", "postgresql": "5432",
        "postgres": "5432", "redis": "6379", "ftp": "21", "ldap": "389", "ntp": "123", "imap": "143",
        "mongodb": "27017",
    ]

    private static func hostname(_ reading: Reading) -> ModuleReading? {
        let renames = reading.words.first?.lower == "rename" && reading.has("host", "machine", "server")
        guard renames || reading.has("hostname") || reading.has(phrase: "host name"),
            reading.wants(.set, .create, .ensure)
        else {
            return nil
        }
        guard
            let name = reading.word(
                after: ["to", "as", "is", "hostname", "be"],
                within: 3,
                where: { Reading.isName($0) && $0.lower != "hostname" && $0.kind != .number }
            )
        else { return nil }
        var result = ModuleReading(title: "Set the hostname to \(name.text)")
        result.set("name", text: name.text, "the ask gives the name")
        return result
    }

    private static func port(_ reading: Reading) -> String? {
        reading.word(after: ["port", "ports"], within: 3) { $0.kind == .number }?.text
            ?? reading.words.lazy.compactMap { word in
                let parts = word.lower.split(separator: "/")
                return parts.count == 2 && ["tcp", "udp"].contains(parts[1]) && UInt16(parts[0]) != nil
                    ? String(parts[0]) : nil
            }.first
            ?? reading.words.lazy.compactMap { $0.kind == .plain ? ports[$0.lower] : nil }.first
    }

    private static func firewall(_ reading: Reading) -> ModuleReading? {
        let isAbout =
            reading.has(
                "iptables",
                "traffic",
                "packet",
                "firewall",
                "connection",
                "port",
                "incoming",
                "outgoing",
                "inbound",
                "outbound"
            )
            || reading.words.contains { $0.kind == .address }
        guard
            (reading.wants(.allow, .deny, .open)
                || reading.has("iptables", "firewall") && reading.wants(.remove, .add, .set)), isAbout,
            !reading.asks("ufw", "firewalld"),
            reading.paths.isEmpty
        else { return nil }
        let source = reading.word(after: ["from", "source"], within: 3) { $0.kind == .address }?.text
        let destination = reading.word(after: ["to"], within: 2) { $0.kind == .address }?.text
        let port = port(reading)
        // "block the address 203.0.113.7": an address without a preposition is where it comes from.
        let plain = source == nil && destination == nil ? reading.words.first { $0.kind == .address }?.text : nil
        guard port != nil || plain != nil || source != nil || destination != nil || reading.has("icmp") else {
            return nil
        }
        let goesOut = reading.has("outgoing", "outbound", "output")
        let jump =
            reading.words.contains { $0.stem == "reject" }
            ? "REJECT" : reading.wants(.deny) || reading.has("drop", "deny", "block") ? "DROP" : "ACCEPT"
        let protocolName =
            ["udp", "icmp"].first { name in reading.words.contains { $0.lower.hasSuffix(name) } } ?? "tcp"
        let verb = jump == "ACCEPT" ? "Allow" : jump == "DROP" ? "Drop" : "Reject"
        var result = ModuleReading(title: verb + " traffic" + (port.map { " on port \($0)" } ?? ""))
        result.set(
            "chain",
            goesOut ? "OUTPUT" : reading.has("forward", "forwarded") ? "FORWARD" : "INPUT",
            "the ask says which way"
        )
        if port != nil || protocolName != "tcp" || reading.has("tcp") {
            result.set("protocol", .string(protocolName), "the ask says so, else a port is one of TCP")
        }
        result.set("source", text: source ?? plain, "the ask names a source")
        result.set("destination", text: destination, "the ask names a destination")
        result.set("destination_port", text: port, "the ask names a port")
        result.set("jump", .string(jump), "the ask says what happens to it")
        if reading.wants(.remove) { result.set("state", "absent", "the ask removes the rule") }
        let named = reading.words.compactMap { $0.kind == .plain ? ports[$0.lower] : nil }
        let others = reading.has("port") && !reading.numbers.isEmpty ? reading.numbers : named
        result.again("destination_port", for: others.filter { $0 != port })
        return result
    }

    private static func wait(_ reading: Reading) -> ModuleReading? {
        let listens = reading.has("reachable", "open", "listening", "listen") && reading.has("port")
        guard reading.wants(.wait, .pause) || reading.wants(.check) && listens else { return nil }
        let time = reading.word(after: ["timeout", "most", "for"], within: 3) { $0.kind == .number }.flatMap {
            Int64($0.text)
        }
        let closes = reading.has(
            "closed",
            "close",
            "stops",
            "down",
            "drained",
            "gone",
            "removed",
            "disappears",
            "deleted"
        )
        if let port = port(reading).flatMap({ Int64($0) }) {
            var result = ModuleReading(title: "Wait for port \(port)")
            let host = reading.word(after: ["on", "of"], within: 2) {
                $0.kind == .address || $0.text.contains(".") && Reading.isName($0)
            }
            result.set("host", text: host?.text, "the ask names a host")
            result.set("port", .integer(port), "the ask names a port")
            if closes { result.set("state", "stopped", "the ask waits for it to close") }
            if let time, time != port { result.set("timeout", .integer(time), "the ask gives a limit") }
            return result
        }
        guard let path = reading.absolutePaths.first else { return nil }
        var result = ModuleReading(title: "Wait for \(path)")
        result.set("path", text: path, "the ask names a path")
        if closes { result.set("state", "absent", "the ask waits for it to go") }
        if let time { result.set("timeout", .integer(time), "the ask gives a limit") }
        return result
    }

    private static func knownHost(_ reading: Reading) -> ModuleReading? {
        guard reading.has("known_hosts") || reading.has(phrase: "known hosts") || reading.has(phrase: "known host"),
            let name = reading.words.first(where: { $0.text.contains(".") && Reading.isName($0) || $0.kind == .address }
            )?.text
        else { return nil }
        var result = ModuleReading(title: (reading.wants(.remove) ? "Remove" : "Add") + " known host \(name)")
        result.set("name", text: name, "the ask names a host")
        if reading.wants(.remove) {
            result.set("state", "absent", "the ask removes it")
            return result
        }
        // The name has only letters, digits and `-_.+@:`, so nothing else than the host can be meant.
        result.setTemplate(
            "key",
            "{{ lookup('ansible.builtin.pipe', 'ssh-keyscan " + name + "') }}",
            "the host is asked for its key"
        )
        return result
    }
}

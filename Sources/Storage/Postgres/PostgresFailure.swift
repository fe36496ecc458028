import CupelCore

/// What libpq and the server say, as our errors: what is wrong, and what to do.
enum PostgresFailure {
    /// A connection could not be opened in time.
    static func connectTimeout(_ address: PostgresAddress, _ limit: Duration) -> CupelError {
        CupelError(
            .storageUnavailable,
            "PostgreSQL at \(address.place) did not answer within \(Int(limit.inMilliseconds)) ms; check that it runs "
                + "and that no firewall swallows the connection.",
            retryAfterSeconds: 1
        )
    }

    /// A connection was refused; errors that waiting does not mend are `configuration_invalid`.
    static func connecting(_ address: PostgresAddress, _ reason: String) -> CupelError {
        let cause = CupelError(.internalError, reason)
        if let known = refusal(address, state(in: reason), reason) {
            return CupelError(.configurationInvalid, "database.url: \(known)", cause: cause)
        }
        if let known = certificate(address, reason) {
            return CupelError(.configurationInvalid, "database.url: \(known)", cause: cause)
        }
        return CupelError(.storageUnavailable, absence(address, reason), retryAfterSeconds: 1, cause: cause)
    }

    /// Refusals of the server, by their code (PostgreSQL documentation, appendix A).
    private static func refusal(_ address: PostgresAddress, _ state: String, _ reason: String) -> String? {
        switch state {
        case "28P01":
            return "PostgreSQL refused the password of the user \(address.user); correct the password or the user."
        case "28000" where reason.contains("no encryption"):
            return "PostgreSQL takes no unencrypted connection of the user \(address.user) to the database "
                + "\(address.database); add sslmode=require, or allow it in pg_hba.conf."
        case "28000":
            return "PostgreSQL refused the user \(address.user): there is no such role, or pg_hba.conf has no line for "
                + "it. Create the role, or correct the user."
        case "3D000":
            return "there is no database \(address.database) at \(address.place); create it with createdb, or correct "
                + "the name."
        case "42501":
            return "the user \(address.user) may not connect to the database \(address.database); grant CONNECT."
        case "22023", "42704":
            return "PostgreSQL refused a parameter that it was given: \(reason)"
        default: break
        }
        guard reason.contains("no password supplied") else { return nil }
        return "PostgreSQL asks for a password of the user \(address.user) and there is none; add it after the user."
    }

    private static func certificate(_ address: PostgresAddress, _ reason: String) -> String? {
        if reason.contains("server does not support SSL") {
            return
                "sslmode=\(address.sslMode ?? "") asks for TLS and PostgreSQL at \(address.place) has none; set ssl=on "
                + "there, or choose another sslmode."
        }
        if reason.contains("certificate verify failed") {
            return
                "the certificate of PostgreSQL at \(address.place) is not trusted; name the file of its authority in "
                + "sslrootcert."
        }
        if reason.contains("does not match host name") {
            return
                "the certificate of PostgreSQL is for another name than \(address.host); use the name that stands in "
                + "it."
        }
        if reason.contains("certificate") || reason.contains("private key file") || reason.contains("sslmode") {
            return "TLS cannot begin: \(reason)"
        }
        return nil
    }

    private static func absence(_ address: PostgresAddress, _ reason: String) -> String {
        if reason.contains("could not translate host name") {
            return "The host \(address.host) of database.url is not known; correct the name, or check the DNS."
        }
        if reason.contains("Connection refused") || reason.contains("No such file or directory") {
            return "Nothing listens at \(address.place); check that PostgreSQL runs, and host and port of database.url."
        }
        switch state(in: reason) {
        case "53300":
            return "PostgreSQL at \(address.place) has too many connections; raise max_connections there, or make the "
                + "pools smaller."
        case "57P03": return "PostgreSQL at \(address.place) is starting or stopping; it will answer in a moment."
        default: return "PostgreSQL at \(address.place) cannot be reached: \(reason)"
        }
    }

    /// The five-character code in libpq's verbose message, as in `FATAL:  28P01: password ...`.
    static func state(in message: String) -> String {
        message.split(separator: " ").first { word in
            word.utf8.count == 6 && word.last == ":"
                && word.utf8.dropLast().allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
                && word.utf8.contains { (0x30...0x39).contains($0) }
        }.map { String($0.dropLast()) } ?? ""
    }

    /// A statement has no answer.
    static func link(_ error: any Error, _ doing: String) -> any Error {
        guard let error = error as? PostgresLinkError else { return error }
        switch error {
        case .cancelled: return CancellationError()
        case .late(let limit):
            return CupelError(
                .storageUnavailable,
                "PostgreSQL took longer than \(Int(limit.inMilliseconds)) ms \(doing); it is slow or does not answer.",
                retryAfterSeconds: 1
            )
        case .lost(let reason): return lost(reason, doing)
        }
    }

    /// The connection is gone.
    static func lost(_ reason: String, _ doing: String) -> CupelError {
        CupelError(
            .storageUnavailable,
            "The connection to PostgreSQL was lost while \(doing); try again.",
            retryAfterSeconds: 1,
            cause: CupelError(.internalError, reason)
        )
    }

    /// The server refused a statement, with a code of PostgreSQL's table.
    static func statement(_ state: String, _ message: String) -> CupelError {
        let cause = CupelError(.internalError, "\(state): \(message)")
        // Class 23 is an integrity violation (PostgreSQL documentation, appendix A).
        if state.hasPrefix("23") {
            return CupelError(.conflict, "It is there already, or refers to what is not.", cause: cause)
        }
        if PostgresConnection.Session.conflictStates.contains(state) {
            return CupelError(
                .storageUnavailable,
                "PostgreSQL could not order this among what runs at the same time; try again.",
                retryAfterSeconds: 1,
                cause: cause
            )
        }
        // Classes 08, 53, 57 and 58: connection, out of resources, operator intervention, system error; 25006: a
        // server that only reads, as a replica does.
        if ["08", "53", "57", "58"].contains(String(state.prefix(2))) || state == "25006" {
            return CupelError(
                .storageUnavailable,
                "PostgreSQL cannot serve us: \(message)",
                retryAfterSeconds: 1,
                cause: cause
            )
        }
        return CupelError(.internalError, "PostgreSQL refused a statement.", cause: cause)
    }

    /// The connection was lost while COMMIT was on its way.
    static func unknownOutcome(_ cause: any Error) -> CupelError {
        CupelError(
            .outcomeUnknown,
            "The connection to PostgreSQL was lost during COMMIT: it may or may not have been written. Read the state "
                + "before you try again.",
            cause: cause
        )
    }
}

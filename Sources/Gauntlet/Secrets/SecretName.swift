/// What a name says of the value that it was given.
struct SecretName: Equatable {
    /// What kind of secret it names.
    enum Kind: Equatable {
        /// What a person logs in with.
        case password
        /// A key, a token or a secret that says so: `api_key`, `authToken`, `client_secret`.
        case key
        /// What may be a secret or may not: `key`, `auth`, `signature`, `certificate`.
        case vague
        /// What is drawn at random and kept beside: `salt`, `nonce`, `seed`.
        case salt
    }

    /// What kind of secret it names.
    var kind: Kind
    /// Whether the name ends with the secret's word, but for words that change nothing (`password_prod`).
    var isPlain: Bool

    /// The reading of a name; `nil` when it names something else, as `password_file` and `tokenType` do.
    init?(_ name: String) {
        let words = Self.words(of: name)
        guard let found = Self.head(of: words) else { return nil }
        let behind = words[(found.index + 1)...]
        var isPlain = true
        for word in behind {
            if Self.denied.contains(word) { return nil }
            if !Self.neutral.contains(word), word.contains(where: { !$0.isNumber }) { isPlain = false }
        }
        if let first = words.first, words.count > 1, Self.questions.contains(first) { return nil }
        for word in words[..<found.index] where Self.deniedBefore.contains(word) { return nil }
        kind = found.kind
        self.isPlain = isPlain
    }

    /// The last word that names a secret.
    private static func head(of words: [String]) -> (kind: Kind, index: Int)? {
        for index in words.indices.reversed() {
            let word = words[index]
            if let kind = kinds[word] {
                return (kind == .vague && word.hasPrefix("key") ? keyKind(before: index, of: words) : kind, index)
            }
            // `dbpassword`, `MYSECRETKEY`: words run together.
            if let suffix = suffixes.first(where: { word.utf8.count > $0.0.utf8.count && word.hasSuffix($0.0) }) {
                return (suffix.1, index)
            }
        }
        return nil
    }

    private static func keyKind(before index: Int, of words: [String]) -> Kind {
        guard index > 0 else { return .vague }
        return keyQualifiers.contains(words[index - 1]) ? .key : .vague
    }

    /// The words of a name, in lower case: at signs, and where small letters meet a capital.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        let bytes = Array(name.utf8)
        func end() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        for (index, byte) in bytes.enumerated() {
            let isUpper = (0x41...0x5A).contains(byte)
            let isLetter = isUpper || (0x61...0x7A).contains(byte)
            let isFigure = (0x30...0x39).contains(byte)
            guard isLetter || isFigure else {
                end()
                continue
            }
            if isUpper, index > 0 {
                let before = bytes[index - 1]
                let wasLower = (0x61...0x7A).contains(before) || (0x30...0x39).contains(before)
                let wasUpper = (0x41...0x5A).contains(before)
                let opens = index + 1 < bytes.count && (0x61...0x7A).contains(bytes[index + 1])
                if wasLower || wasUpper && opens { end() }
            } else if isFigure, let last = word.last, !(0x30...0x39).contains(last) {
                end()
            }
            word.append(isUpper ? byte | 0x20 : byte)
        }
        end()
        return words
    }
}

extension SecretName {
    private static let kinds: [String: Kind] = table([
        (
            .password,
            "password passwords passwd passwort passphrase passcode pass pwd psw pswd passw passwrd pw kennwort senha "
                + "contrasena motdepasse parola parol passphrases pwds requirepass masterauth userpass dbpass userpwd "
                + "mypass mypwd rootpass adminpass sudopass keypass storepass keystorepass mysqlpass ftppass smtppass "
                + "mailpass dbpwd sapwd identified newpass oldpass"
        ),
        (
            .key,
            "secret secrets token apikey authkey accesskey privatekey secretkey authtoken accesstoken credential "
                + "credentials cred creds bearer jwt apitoken clientsecret sharedsecret appsecret appkey masterkey "
                + "encryptionkey signingkey accountkey sharedaccesskey userkey apisecret refreshtoken bottoken authorization "
                + "accesskeysecret secretaccesskey"
        ),
        (.vague, "key keys auth authentication signature sig cert certificate sid hmac tokens session cookie code"),
        (.salt, "salt nonce seed iv"),
    ])

    private static func table(_ rows: [(Kind, String)]) -> [String: Kind] {
        var result: [String: Kind] = [:]
        for (kind, words) in rows { for word in words.split(separator: " ") { result[String(word)] = kind } }
        return result
    }

    private static let suffixes: [(String, Kind)] = [
        ("password", .password), ("passwd", .password), ("passphrase", .password), ("passwort", .password),
        ("secret", .key), ("apikey", .key), ("secretkey", .key), ("accesskey", .key), ("authkey", .key),
        ("privatekey", .key), ("token", .key), ("credential", .key), ("credentials", .key), ("salt", .salt),
        ("nonce", .salt),
    ]

    private static func set(_ words: String) -> Set<String> { Set(words.split(separator: " ").map(String.init)) }

    private static let keyQualifiers = set(
        "api access secret private auth authentication encryption encrypt encrypted crypto cipher aes des hmac signing "
            + "sign signature master account storage service server client app application consumer subscription "
            + "session deploy admin shared webhook bot jwt ssh rsa license licence registration write read ingest "
            + "integration user developer dev prod live test stripe aws azure google maps github openai sendgrid mailgun "
            + "project site recaptcha functions function host instrumentation push server messaging merchant payment "
            + "secure security rest javascript js x partner vendor customer device edit publish publishable cron"
    )

    /// Words behind a secret's that change nothing.
    private static let neutral = set(
        "value val str string text txt plain plaintext raw default hex base64 b64 base enc encoded encrypted bytes old "
            + "new current prod production dev development staging stage test testing local live sandbox main primary "
            + "secondary backup admin root db database literal one two a b c d e f v const again confirm confirmation "
            + "confirmed repeat again access secret my me user master slave for in by of is to 32 64 cleartext clear "
            + "decrypted unencrypted"
    )

    /// Words behind a secret's that make it the name of something else.
    private static let denied = set(
        "file files path paths dir directory folder filename location url urls uri endpoint host hostname name names id "
            + "ids identifier type types kind format length len size sizes min max minimum maximum count counts policy "
            + "policies rule rules prompt label labels title hint help message messages msg error errors err regex "
            + "pattern field fields column columns header headers param params parameter parameters attribute attr "
            + "attrs property properties prop option options config settings setting expiry expire expires expired "
            + "expiration ttl timeout age date time at version algorithm alg algo encoding charset method methods class "
            + "env var variable placeholder example reset forgot forgotten strength score rotate rotation ref refs "
            + "reference arn selector author keyboard keyword keycode integrity etag cache manager provider service "
            + "store storage factory handler helper util utils generator validator validation encoder decoder input "
            + "button btn link page form view screen dialog icon image css style color status state flag enabled "
            + "disabled required allowed has should index position offset limit permission permissions scope scopes "
            + "audience issuer subject source target destination parser lexer stream list map dict set array table "
            + "schema spec template suffix prefix separator delimiter sep usage description desc info note comment "
            + "warning doc docs documentation test_case case event action command cmd mode level group role user "
            + "username owner account email mail address domain port protocol scheme auth2 request response result "
            + "fn func function callback hook hooks listener changed change update updated create created delete "
            + "deleted invalid valid missing mismatch match matches exists found empty null none word words hash "
            + "hashes digest checksum fingerprint thumbprint hasher verifier checker check lookup vault secretref "
            + "keyring tips tip text1 entry entries item items pair pairs range ranges node nodes element box control "
            + "component widget layer module package lib library plugin driver client clients server api interface "
            + "public pub impl exception failure success usage quota rate bucket region zone tenant realm grant code codes char "
            + "chars character characters letters symbols alphabet digits complexity history lockout retries attempts"
            + " placement translation locale lang language i18n kid alias x y z"
    )

    /// Words before a secret's that make it something else.
    private static let deniedBefore = set(
        "no not without forgot forgotten reset invalid missing wrong bad empty show hide toggle require requires "
            + "primary foreign public pub cache sort partition dict hot shortcut lookup translation label csrf xsrf "
            + "request action idempotency gpg pgp cancellation next continuation page paging pagination syntax lex ansi grammar keyboard stop eos bos pad "
            + "unk sep mask cls special"
    )

    /// First words of functions that ask for a secret rather than give it.
    private static let questions = set(
        "get has is check find read load parse fetch validate verify generate gen prompt ask request require expect "
            + "missing no invalid print show forgot reset change update create delete remove list lookup describe on "
            + "handle compare hash encrypt decrypt decode encode rotate revoke refresh split tokenize count max min num "
            + "if when unless format normalize strip clean mask redact hide censor"
    )
}

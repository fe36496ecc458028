/// Tells the name of a package that differs by a letter or two from one that everybody installs.
///
/// A signal and no verdict: plenty of honest packages have such names. See <https://attack.mitre.org/techniques/T1195/001/>.
struct LookalikeName {
    let source: SourceContext

    /// Bytes of a manifest that are looked at for its name, at most.
    private static let maximumHead = 4096
    /// Letters that a name must have, so that chance does not make it look like another.
    private static let shortest = 5
    /// Letters from which on two of them may differ.
    private static let long = 9

    /// Where a manifest names a package that only looks like a well-known one.
    func place() -> Int? {
        guard source.role.contains(.manifest), !source.role.contains(.example), let name = name() else { return nil }
        return Self.resembles(name.word) ? name.at : nil
    }

    /// Whether a name is no well-known one and differs little from one.
    static func resembles(_ name: String) -> Bool {
        let name = name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 }
        guard name.count >= shortest, !known.contains(name) else { return false }
        let bare = name.filter { $0 != "-" }
        return known.contains { other in
            guard other.count >= shortest, abs(other.count - name.count) <= 2 else { return false }
            if other.filter({ $0 != "-" }) == bare { return true }
            return isNear(name, other, upTo: min(name.count, other.count) >= long ? 2 : 1)
        }
    }

    /// Whether so few letters were added, dropped, changed or exchanged with their neighbour.
    private static func isNear(_ one: [Character], _ two: [Character], upTo limit: Int) -> Bool {
        guard abs(one.count - two.count) <= limit else { return false }
        var before: [Int] = []
        var last = Array(0...two.count)
        for row in 1...one.count {
            var next = [row]
            for column in 1...two.count {
                let change = one[row - 1] == two[column - 1] ? 0 : 1
                var best = min(last[column - 1] + change, last[column] + 1, next[column - 1] + 1)
                if row > 1, column > 1, one[row - 1] == two[column - 2], one[row - 2] == two[column - 1] {
                    best = min(best, before[column - 2] + 1)
                }
                next.append(best)
            }
            guard let least = next.min(), least <= limit else { return false }
            (before, last) = (last, next)
        }
        return last[two.count] <= limit
    }

    /// The name that the manifest gives, and where it stands.
    private func name() -> (word: String, at: Int)? {
        let head = UnsafeRawBufferPointer(rebasing: source.text.prefix(Self.maximumHead))
        for mark in source.language == .json ? ["\"name\""] : ["\nname", " name", "(name"] {
            var at = 0
            while let found = Self.find(mark, in: head, from: at) {
                if let word = Self.word(in: head, from: found + mark.utf8.count) { return (word, found + 1) }
                at = found + 1
            }
        }
        return nil
    }

    /// The quoted word behind `=` or `:`.
    private static func word(in text: UnsafeRawBufferPointer, from start: Int) -> String? {
        var at = start
        while at < text.count, at - start < 4,
            text[at] == 0x20 || text[at] == UInt8(ascii: "=") || text[at] == UInt8(ascii: ":")
        {
            at += 1
        }
        guard at > start, at < text.count, text[at] == UInt8(ascii: "\"") || text[at] == UInt8(ascii: "'") else {
            return nil
        }
        let rest = text[(at + 1)...].prefix(80)
        guard let end = rest.firstIndex(of: text[at]), end > rest.startIndex else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private static func find(_ mark: String, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let bytes = Array(mark.utf8)
        var at = start
        while at + bytes.count <= text.count {
            if text[at] == bytes[0], text[at..<at + bytes.count].elementsEqual(bytes) { return at }
            at += 1
        }
        return nil
    }

    /// Names that are installed most, of Python's and of JavaScript's index.
    private static let known = Set(
        """
        requests urllib3 boto3 botocore setuptools certifi charset-normalizer python-dateutil packaging numpy pyyaml \
        typing-extensions s3transfer cryptography fsspec aiobotocore pandas jmespath platformdirs virtualenv filelock \
        markupsafe jinja2 importlib-metadata pydantic protobuf wheel pyasn1 pyjwt attrs click zipp pytest colorama \
        google-api-core awscli psutil pyparsing grpcio pluggy rsa tomli requests-oauthlib oauthlib aiohttp sqlalchemy \
        pillow scipy websocket-client matplotlib docutils beautifulsoup4 soupsieve pygments decorator tqdm tabulate \
        werkzeug flask django fastapi uvicorn gunicorn celery redis pymongo psycopg2 psycopg2-binary mysqlclient pymysql \
        paramiko pynacl bcrypt scikit-learn tensorflow pytorch keras transformers opencv-python selenium scrapy lxml \
        openpyxl xlrd httpx httpcore twisted tornado termcolor python-dotenv coverage pylint black mypy ansible fabric \
        discord-py telethon web3 eth-account pycryptodome colorful pyinstaller jupyter notebook ipython nltk spacy \
        lodash react react-dom express axios chalk commander debug async moment request bluebird webpack typescript \
        eslint prettier babel-core jquery underscore uuid dotenv body-parser mongoose mongodb socket-io nodemon \
        cross-env rimraf mkdirp glob minimist yargs inquirer semver node-fetch electron puppeteer ethers web3 jsonwebtoken \
        bcryptjs passport sequelize mysql2 redux next nuxt vue angular svelte tailwindcss postcss autoprefixer ts-node \
        rxjs winston morgan cors helmet multer nodemailer discord.js form-data cheerio handlebars colors event-stream
        """.split(separator: " ").map { $0.map { $0 == "." ? "-" : $0 } }
    )
}

/// The words by which people ask for each module: our own, with a weight after `^` where a word says much.
///
/// A word with `!` is an action, one with `@` a kind of word. Option names and the module's own name are added from the
/// specifications.
enum Vocabulary {
    /// From a module's short name to its words with their weights.
    static let words: [String: [(word: String, weight: Double)]] = {
        var words: [String: [(word: String, weight: Double)]] = [:]
        var module = ""
        for line in table.split(separator: "\n" as Character) {
            var entries = line.split(separator: " " as Character)
            if line.first != " ", let name = entries.first {
                module = String(name.dropLast())
                entries.removeFirst()
            }
            words[module, default: []] += entries.map(entry)
        }
        return words
    }()

    private static func entry(_ text: Substring) -> (word: String, weight: Double) {
        let parts = text.split(separator: "^" as Character)
        let isMarked = text.hasPrefix("!") || text.hasPrefix("@")
        let word = String(parts[0])
        return (isMarked ? word : Stem.of(word), parts.count > 1 ? Double(parts[1]) ?? 1 : 1)
    }

    /// A module a line; a line that begins with a space goes on with the module before.
    private static let table = """
        package: package^3 software install^2 tool program !install^4 !remove !upgrade^2 latest present
        apt: apt^6 apt-get^6 debian^4 ubuntu^4 deb cache^3 update !upgrade^2 autoremove^5 full-upgrade dist-upgrade
          !install
        dnf: dnf^6 yum^5 fedora^4 rhel^4 centos^4 rocky^4 redhat^4 rpm !install !remove !upgrade
        pip: pip^8 pip3^8 python^5 virtualenv^9 venv^9 !create^2 requirement pypi^6 dependency^2 !install^3
        dpkg_selections: hold^6 pin unhold package upgrade !hold^6
        apt_repository: repository^5 repo^4 ppa^5 deb^3 source apt^2 !add^2
        apt_key: key^5 apt^2 gpg^4 signing^4 !add
        yum_repository: yum^4 dnf^3 repository^5 repo^4 baseurl^5 !add
        deb822_repository: deb822^8 repository source signed
        rpm_key: rpm^4 key^4 gpg import
        debconf: debconf^8 preseed question answer
        service: service^5 daemon^3 boot^3 start stop restart reload running !start^5 !stop^5 !restart^5 !reload^4
          !enable^5 !disable^4
        systemd_service: systemd^4 unit^5 mask^5 daemon-reload^6 systemctl^3 !mask^6 !unmask^6 !reload^3
        service_facts: service fact^4 status list^2 !gather^2
        package_facts: package fact^4 installed^3 list^2 !gather^3
        user: user^6 account^5 login^2 home^2 shell^3 uid^4 password^2 ssh sudo^2 member system !create !remove
          !add^2 !lock^4 !unlock^4 !generate^2 group
        group: group^6 gid^5 member !create^2 !remove^2 !add
        getent: getent^8 database passwd
        file: @path directory^5 folder^5 symlink^6 link^4 owner^3 mode^3 permission^4 recursive^2 recursively^2
          file^2 touch path executable empty^2 !create^2 !remove^3 !touch^6 !chmod^6 !chown^6 !link^6 !set !ensure
        copy: @file^2 copy^4 upload^4 content^5 file^2 transfer put owner mode !copy^6 !write^5
        template: template^7 j2^6 render^5 jinja^5 jinja2^5 !render^6 !copy^2
        fetch: fetch^4 collect^3 pull from server !fetch^6
        stat: exist^3 information^4 info^3 size stat^5 !check^2 !gather^2
        slurp: slurp^8 read content base64 !gather
        find: find^5 search older^4 newer^4 larger pattern file !find^6
        tempfile: temporary^7 temp^6 tempfile^8 !create
        assemble: assemble^8 fragment^5
        lineinfile: line^6 entry^2 setting config parameter directive option !add^2 !set^2 !contain^4 !enable
          !disable !remove
        replace: replace^5 occurrence^5 substitute^5 every with text string !replace^7
        blockinfile: block^8 marker section !add
        get_url: @url^3 download^5 url^3 file checksum !download^6
        git: @git^6 git^6 clone^6 repository^3 repo^3 branch^5 tag^2 commit^3 checkout^5 !clone^6
        subversion: svn^8 subversion^8 checkout
        unarchive: extract^5 unpack^5 unzip^5 archive^4 tar^4 zip^4 tarball^4 !extract^7
        uri: @url^2 url^2 request^4 http^2 post^3 api^4 endpoint^4 status^3 return^4 health^3 webhook^4 response
          !send^5 !check^4
        cron: @time^5 cron^7 cronjob^7 crontab^7 schedule^5 every^4 daily^4 hourly^4 weekly^4 monthly^4 night^3
          midnight^4 minute^2 hour^2 job^2 !schedule^6 at
        hostname: hostname^8 host name^3 !set
        iptables: @address^2 iptables^7 firewall^5 port^3 traffic^5 incoming^4 outgoing^4 tcp^3 udp^3 packet^4
          connection^2 chain !allow^5 !deny^5 !open^3
        wait_for: !check reachable^3 @number wait^4 port^3 until^3 exist come open !wait^6
        wait_for_connection: wait^3 reachable^5 connection^4 online^3 !wait^4
        reboot: reboot^8 restart machine server !reboot^8
        pause: pause^6 sleep^5 second^4 minute^3 wait^2 !pause^7 !wait^3
        debug: message^4 print^4 show^3 display^3 debug^6 !show^6
        fail: fail^6 abort^5 message^2 !fail^8
        assert: assert^8 condition
        ping: ping^8 reachable^3 connectivity^4 !ping^8
        known_hosts: known_hosts^8 known^5 host ssh !add
        setup: fact^6 gather^4 !gather^2
        command: command^4 execute^3 run^3 timezone^4 ufw^4 !run^4
        shell: shell^2 command^3 pipe run^2 !run^4
        script: script^6 execute run !run^4
        raw: raw^8 python
        set_fact: fact^3 variable^4 set_fact^8
        expect: expect^6 prompt respond
        mount_facts: mount^4 fact^3 filesystem
        import_role: role^4 import^3
        include_role: role^4 include^3
        """
}

/// How much a text reads like words, by the share of its letter pairs that are common in English and identifiers.
enum WordLikeness {
    /// The pairs that make up about two thirds of English running text.
    private static let common: Set<UInt16> = {
        let pairs =
            "th he in er an re nd on en at ou ed ha to or it is hi es ng nt ti se ea te of al de me st ro ne "
            + "as le ra io ic ar ve li co ma el om ur ce la ta ri ll ch ca pe si ho us di ec ac pr tr ai un ss "
            + "id ol et na ge lo wo rd am em pa il ke ns su po mo ut ow pl ut ad ts ie sh ag im ot ee wi ie ay "
            + "oo ey ab ly cl ul ex ap ct ge do so sa mi be no we fo rs ef ig bl bo up sp sc sk gi gr ga fi fe "
            + "ef fr ip ir iv ld op os ow pp rm rt ty tt rk qu ck by br cr da dd dr ff gn ht ib if iz ki ks lt "
            + "lu mb mp mm nc nf ni nn nu ob od og ok ph pi rc rg rn ru rv ry sm sn sw tw tu ua ub uc ud ue ug "
            + "ui um va vi wh wa wn xp xt ye yo ys"
        return Set(pairs.split(separator: " ").map { pair in pair.utf8.reduce(0) { $0 << 8 | UInt16($1) } })
    }()

    /// From 0 (a random draw of letters) to 1, over the pairs of neighbouring letters; 0 without any pair.
    static func share(_ text: String) -> Double {
        let bytes = Array(text.lowercased().utf8)
        var pairs = 0
        var known = 0
        for (first, second) in zip(bytes, bytes.dropFirst())
        where (0x61...0x7A).contains(first) && (0x61...0x7A).contains(second) {
            pairs += 1
            if common.contains(UInt16(first) << 8 | UInt16(second)) { known += 1 }
        }
        return pairs == 0 ? 0 : Double(known) / Double(pairs)
    }
}

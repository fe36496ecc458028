/// Words that tell how a program flows, over all languages.
enum CodeWord: UInt8 {
    /// No such word.
    case none = 0
    /// It opens a branch or a loop.
    case branch = 1
    /// It begins a function.
    case function = 2
    /// A word of the language that says nothing more here; it is no name.
    case plain = 3
}

/// Finds words of up to eight bytes by one multiplication and one comparison.
struct CodeWordTable {
    /// A word's bytes from the lowest on, and what it is; zero for none.
    struct Slot {
        var key: UInt64 = 0
        var kind: UInt8 = 0
    }

    /// The table's memory, a power of two well over the number of words.
    let slots: UnsafePointer<Slot>

    /// The logarithm of the number of slots.
    private static var bits: UInt64 { 10 }

    /// The one table, which ``init(slots:)`` takes.
    static let shared: [Slot] = {
        var slots = [Slot](repeating: Slot(), count: 1 << Int(bits))
        let words: [(CodeWord, String)] = [
            (
                .branch,
                "if elif elsif elseif for foreach while until unless case when catch except rescue switch match guard"
            ),
            (.function, "def func function fn sub proc fun"),
            (
                .plain,
                "return import from class self this else then fi do done end try finally with as in is not and or None "
                    + "True False null nil true false var let const new public private static void int char bool long "
                    + "float double struct enum type package use require include print echo local throw raise break "
                    + "continue pass lambda yield async await export default interface extends final unsigned size_t "
                    + "sizeof typedef extern inline template typename virtual override mut pub impl where string my "
                    + "begin super init goto del global"
            ),
        ]
        for (kind, list) in words {
            for word in list.split(separator: " ") where word.utf8.count <= 8 {
                let key = word.utf8.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                var index = index(of: key)
                while slots[index].key != 0 { index = (index + 1) & (slots.count - 1) }
                slots[index] = Slot(key: key, kind: kind.rawValue)
            }
        }
        return slots
    }()

    @inline(__always)
    private static func index(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
    }

    /// What a word is whose bytes, at most eight, stand in a number from its lowest byte on.
    @inline(__always)
    func kind(_ key: UInt64) -> UInt8 {
        var index = Self.index(of: key)
        while true {
            let slot = slots[index]
            if slot.key == key || slot.key == 0 { return slot.kind }
            index = (index &+ 1) & (1 << Int(Self.bits) &- 1)
        }
    }
}

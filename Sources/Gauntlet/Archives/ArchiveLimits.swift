/// What bounds the opening of one archive, with all archives inside it.
package struct ArchiveLimits: Sendable, Hashable {
    /// Archives inside each other, the outermost counted.
    package var depth = 4
    /// Bytes of the archive itself.
    package var packedBytes = 1 << 30
    /// Bytes that come out, over all members.
    package var expandedBytes = 1 << 30
    /// Members, over all archives inside.
    package var entries = 100_000
    /// How many times more bytes may come out than went in, once more than ``freeBytes`` came out.
    package var ratio = 200
    /// Bytes that may come out whatever the ratio.
    package var freeBytes = 64 << 20
    /// Time for it all.
    package var time: Duration = .seconds(120)

    /// The standard limits.
    package init() {}
}

/// All decoded pieces of a text as one text, so that one pass looks at them, with the way back.
struct DecodedText {
    private(set) var bytes: [UInt8] = []
    private var starts: [Int] = []
    private let pieces: [Decoder.Piece]

    init(_ pieces: [Decoder.Piece]) {
        self.pieces = pieces
        for piece in pieces {
            starts.append(bytes.count)
            bytes += piece.bytes
            bytes.append(0x0A)
        }
    }

    var isEmpty: Bool { pieces.isEmpty }

    /// The piece that an offset of the decoded text belongs to.
    func piece(at offset: Int) -> Decoder.Piece {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return pieces[low]
    }
}

import Glibc

/// Drawing over the whole screen, where there is one (ECMA-48, and xterm's alternate screen).
extension Terminal {
    /// Whether results go to a screen that can be drawn over.
    var isScreen: Bool {
        isatty(STDOUT_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } ?? "dumb" != "dumb"
    }

    /// Turns to an empty screen without a cursor.
    func enterScreen() { put("\u{1B}[?1049h\u{1B}[?25l") }

    /// Turns back to what was there.
    func leaveScreen() { put("\u{1B}[?25h\u{1B}[?1049l") }

    /// Draws lines over what was drawn before; what does not fit is cut off.
    func draw(_ lines: [String]) {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
        let (rows, columns) = isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
        let shown = lines.prefix(rows).map { Self.cut($0, to: columns) + "\u{1B}[0m\u{1B}[K" }
        put("\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J")
    }

    /// A text of foreign making on one line, without what a terminal would obey.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        )
    }

    /// The style of a job's state.
    func style(state: String) -> Style {
        switch state {
        case "succeeded": .good
        case "failed": .bad
        case "running", "cancelled": .warning
        default: .faint
        }
    }

    /// The first characters that fit, not counting the sequences that colour them.
    private static func cut(_ line: String, to columns: Int) -> String {
        var kept = ""
        var count = 0
        var isEscape = false
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape {
                guard count < columns else { break }
                count += 1
            }
            kept.append(character)
            if isEscape, character.isLetter { isEscape = false }
        }
        return kept
    }

    private func put(_ text: String) { write(text, STDOUT_FILENO) }
}

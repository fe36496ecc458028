/// The weights of all signals. A signal of weight `w` at its worst leaves `0.02^w` of the score: 0.05 leaves 0.82, 0.1
/// leaves 0.68, 0.2 leaves 0.46. So one of 0.1 and more can take a file below the threshold alone.
///
/// What is measured follows published work on cleaning code for training: line lengths, alphanumeric and alphabetic
/// share and marks of generators (Codex, Chen et al. 2021; The Stack, Kocetkov et al. 2022; StarCoder 2, Lozhkov et
/// al. 2024), the share of comments (SantaCoder, Ben Allal et al. 2023), encoded data (StarCoder 2), repeated lines
/// (Gopher, Rae et al. 2021; RedPajama 2, Weber et al. 2024). Nesting and branches stand for cognitive complexity
/// (Campbell 2018). Weights and thresholds are ours, set on packages of Python's index and on distorted copies.
package enum QualityWeights {
    /// Brackets, strings, JSON and YAML are closed and nested as they must be.
    package static let parses = 0.22
    /// Mean and longest lines.
    package static let lines = 0.16
    /// Letters and digits among all bytes.
    package static let alphanumeric = 0.12
    /// Encoded bytes, numbers and escapes instead of code.
    package static let opaque = 0.2
    /// Comments beside code, neither none nor nothing but.
    package static let comments = 0.05
    /// Code in comments.
    package static let deadCode = 0.12
    /// Lines and blocks that stand there before.
    package static let duplicates = 0.13
    /// Depth of blocks.
    package static let nesting = 0.13
    /// Branches a line and a function.
    package static let branches = 0.1
    /// Names that say something, written in one style.
    package static let naming = 0.16
    /// Statements a line.
    package static let crowding = 0.12
    /// Comments at functions.
    package static let documentation = 0.03
    /// Checks in a test.
    package static let tests = 0.06
    /// A generator's mark in the first lines.
    package static let generated = 0.2
    /// Plays, tasks, jobs and steps hold what they must.
    package static let structure = 0.2
    /// Tasks and steps say what they do.
    package static let taskNames = 0.12
    /// Modules by their full names.
    package static let fullNames = 0.06
    /// Shell where a module fits.
    package static let bareShell = 0.14
    /// What linters find, a task or a step.
    package static let lint = 0.13
    /// Actions name a version.
    package static let pinned = 0.08
    /// Text that a reader sees, of all of a page.
    package static let visibleText = 0.1
}

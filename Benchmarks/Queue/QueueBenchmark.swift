// Queue: measures the job queue beside raw SQL that runs the same statements in the same batches on the same disk.
//
//     Queue sqlite DIRECTORY [seconds]
//     Queue postgres URL [seconds]
//
// Prints one JSON object. Times are of this machine; the ratio and the CPU per job are what to compare.

import CupelCore
import Foundation
import Glibc
import Jobs
import Logging
import Storage
import Synchronization

/// A job that does nothing, so that what is measured is the queue.
struct Nothing: Job {
    static let kind = "bench.nothing"
    var at: Int64 = 0

    init(at: Int64) { self.at = at }
    init(json: JSON) throws { at = Int64(json["at"]?.intValue ?? 0) }
    var json: JSON { ["at": .integer(at)] }
}

@main
enum QueueBenchmark {
    static let clients = 64

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let engine = DatabaseEngine(rawValue: arguments[1]) else {
            FileHandle.standardError.write(Data("usage: Queue sqlite DIRECTORY | postgres URL [seconds]\n".utf8))
            exit(64)
        }
        let seconds = arguments.count > 3 ? Int(arguments[3]) ?? 5 : 5
        let bench = Bench(engine: engine, place: arguments[2], duration: .seconds(seconds))
        let report = try await bench.run()
        FileHandle.standardOutput.write(Data((report.text(.pretty) + "\n").utf8))
    }
}

/// User and system time of this process so far.
func processorTime() -> Duration {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let micro = { (time: timeval) in Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec) }
    return .microseconds(micro(usage.ru_utime) + micro(usage.ru_stime))
}

/// Resident memory of this process, in MiB.
func residentMemory() -> Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return pages * Double(getpagesize()) / 1_048_576
}

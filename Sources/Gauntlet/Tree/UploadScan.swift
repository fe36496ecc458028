import CupelCore

extension GauntletEngine {
    /// How often progress is told.
    private static let progressEvery = Duration.milliseconds(500)

    /// Looks at an open file, an archive for most, under a name of the caller's.
    ///
    /// Cancelling the task ends it early, with what was found until then and `isTruncated` set.
    /// - Parameter progress: hears twice a second how far it is, and which share of the file was read, from 0 to 1.
    package func scanUpload(
        _ descriptor: Int32,
        shown: String,
        options: TreeOptions = TreeOptions(),
        pool: ScanPool,
        progress: @escaping @Sendable (TreeProgress, Double) async -> Void = { _, _ in }
    ) async -> TreeReport {
        let content = await pool.run { TreeFile.content(of: descriptor, options) }
        let sink = ReportSink(self, options)
        let share: @Sendable () -> Double = {
            guard case .archive(.file(let file)) = content, file.size > 0 else { return 0 }
            return min(1, Double(file.bytesRead) / Double(file.size))
        }
        return await watched(sink, share, progress) {
            await pool.run {
                ContentScan(engine: self, options: options, sink: sink).look(at: content, shown: shown)
            }
        }
    }

    /// Looks at files in memory, one thread at most at a time.
    /// - Parameter progress: as in ``scanUpload(_:shown:options:pool:progress:)``.
    package func scanFiles(
        _ files: [(path: String, bytes: [UInt8])],
        options: TreeOptions = TreeOptions(),
        pool: ScanPool,
        progress: @escaping @Sendable (TreeProgress, Double) async -> Void = { _, _ in }
    ) async -> TreeReport {
        let sink = ReportSink(self, options)
        let share: @Sendable () -> Double = { Double(sink.progress.files) / Double(max(1, files.count)) }
        return await watched(sink, share, progress) {
            let scan = ContentScan(engine: self, options: options, sink: sink)
            for file in files where !sink.isCancelled {
                await pool.run { scan.look(at: TreeFile.content(of: file.bytes, options), shown: file.path) }
            }
        }
    }

    /// Runs a scan beside one who tells how far it is.
    private func watched(
        _ sink: ReportSink,
        _ share: @escaping @Sendable () -> Double,
        _ progress: @escaping @Sendable (TreeProgress, Double) async -> Void,
        _ scan: @escaping @Sendable () async -> Void
    ) async -> TreeReport {
        let time = time
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        try? await time.sleep(for: Self.progressEvery)
                        guard !Task.isCancelled else { return }
                        await progress(sink.progress, share())
                    }
                }
                group.addTask { await scan() }
                // The scan alone ends by itself; who tells of it is ended with it.
                await group.next()
                group.cancelAll()
            }
        } onCancel: {
            sink.cancel()
        }
        return sink.finished()
    }
}

import MoldauDisk
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Says how large partitions are and how much room there is. Asks the file system, which may wait.
  func describeLogDirs(
    _ request: DescribeLogDirsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(context, on: blockingWork, into: &reply, refusal: Self.busy) { [self] in
      var response = DescribeLogDirsResponse()
      response.directories = [directory(request)]
      return response
    }
  }

  private static var busy: DescribeLogDirsResponse {
    var response = DescribeLogDirsResponse()
    response.errorCode = AdministrationRefusal.busy.code
    return response
  }

  private func directory(_ request: DescribeLogDirsRequest) -> DescribeLogDirsResponse.Directory {
    var directory = DescribeLogDirsResponse.Directory()
    directory.path = store.path
    do throws(DiskError) {
      directory.totalByteCount = Int64(try store.disk.capacityBytes(at: store.path))
      directory.usableByteCount = Int64(try store.disk.availableBytes(at: store.path))
    } catch {
      logger.warning("how much room there is could not be told: \(error)")
      directory.errorCode = .kafkaStorageError
    }
    if let asked = request.topics {
      for topic in asked {
        guard let hosted = topics.topic(named: topic.name) else { continue }
        directory.topics.append(
          sizes(of: hosted, topic.partitions.compactMap { hosted.partition($0) }))
      }
    } else {
      directory.topics = topics.all.map { sizes(of: $0, $0.partitions) }
    }
    return directory
  }

  private func sizes(
    of hosted: HostedTopic, _ partitions: [Partition]
  ) -> DescribeLogDirsResponse.Topic {
    var topic = DescribeLogDirsResponse.Topic()
    topic.name = hosted.topic.name
    topic.partitions = partitions.map { partition in
      var answer = DescribeLogDirsResponse.Partition()
      answer.index = partition.index
      answer.byteCount = Int64(partition.log.byteCount)
      return answer
    }
    return topic
  }
}

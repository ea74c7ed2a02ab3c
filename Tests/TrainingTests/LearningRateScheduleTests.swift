import Experiment
import Foundation
import Testing
import Training

/// The learning rate at the corners of every schedule.
struct LearningRateScheduleTests {
  func config(_ change: (inout TrainingOptions) -> Void) throws -> TrainingConfig {
    var options = TrainingOptions()
    options.learningRate = 0.01
    options.batchTokens = 64
    options.warmupSteps = 10
    change(&options)
    var model = ModelOptions()
    model.contextLength = 16
    model.layers = 1
    model.width = 8
    model.heads = 1
    return try TrainingConfig(
      options, model: ModelConfig(model, vocabularySize: 256), parameters: 1000,
      horizon: 64 * 110)
  }

  @Test func cosineWarmsUpAndEndsAtATenth() throws {
    let config = try config { $0.schedule = .cosine }
    #expect(config.steps == 110)
    #expect(config.learningRate(at: 0) == 0.001)
    #expect(config.learningRate(at: 9) == 0.01)
    #expect(abs(config.learningRate(at: 10) - 0.01) < 1e-15)
    #expect(abs(config.learningRate(at: 60) - 0.0055) < 1e-12)
    #expect(abs(config.learningRate(at: 109) - 0.001) < 1e-5)
  }

  @Test func constantStays() throws {
    let config = try config { $0.schedule = .constant }
    #expect(config.learningRate(at: 109) == 0.01)
  }

  @Test func wsdDecaysOverTheLastFifth() throws {
    let config = try config { $0.schedule = .wsd }
    #expect(config.learningRate(at: 87) == 0.01)
    #expect(config.learningRate(at: 88) == 0.01)
    #expect(abs(config.learningRate(at: 99) - 0.0055) < 1e-12)
    #expect(config.learningRate(at: 109) < 0.0015)
  }

  @Test func rulesGiveThePublishedValues() {
    #expect(TrainingConfig.ruleBatchTokens(horizon: 216_640, contextLength: 64) == 512)
    #expect(TrainingConfig.ruleBatchTokens(horizon: 12_856_320, contextLength: 64) == 4096)
    #expect(TrainingConfig.ruleBatchTokens(horizon: 1000, contextLength: 64) == 256)
    #expect(TrainingConfig.ruleLearningRate(parameters: 10_000) == 0.03)
    #expect(abs(TrainingConfig.ruleLearningRate(parameters: 857_216) - 0.0083) < 1e-4)
  }
}

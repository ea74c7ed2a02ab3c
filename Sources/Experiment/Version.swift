/// The version of this program.
public let overtrainVersion = "0.1.0"

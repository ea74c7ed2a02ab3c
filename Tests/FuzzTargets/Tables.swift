import Corpus
import Evaluation
import Experiment
import Foundation
import ScalingLaws

extension FuzzTarget {
  /// CSV and lines of JSON.
  static func tables(_ scratch: Scratch) throws -> [FuzzTarget] {
    let csv = FuzzTarget(
      "csv",
      texts: [
        "N,D,loss,error,role,run\n1e7,2e8,4.1,0.6,fit,a\n2e7,4e8,3.9,0.55,holdout,\"b, c\"\n",
        "run,N,D,loss,error/x,chance/x\r\na,10800,216000,3.2,.5,.75\r\n",
      ]
    ) { input in
      _ = try LawData(csvText: String(decoding: input, as: UTF8.self), name: "f")
    }
    let mapping = try ColumnMapping(["run=id", "N=params*1e6", "M=ratio", "loss=ce"])
    let foreign = FuzzTarget(
      "foreign-csv", texts: ["id,params,ratio,ce,x\na,10,20,4.1,\"1,2\"\nb,20,20,3.9,\n"]
    ) { input in
      _ = try LawData(csv: scratch.put(input, "f.csv"), mapping: mapping)
    }
    let curve = FuzzTarget(
      "curve-csv",
      texts: [
        "step,loss,lr\n"
          + (1...14).map { "\($0),\(4 - Double($0) / 10),0.0\($0)" }.joined(separator: "\n"),
        "lr,step,loss\r\n.1,2,\r\n" + (3...14).map { ".2,\($0),\"3.5\"\r\n" }.joined(),
      ]
    ) { input in
      _ = try RunCurve(csv: scratch.put(input, "c.csv"), until: nil, warmup: 0)
    }
    let lines = FuzzTarget(
      "jsonl",
      texts: [
        #"{"text": "It was a day.\nNext.", "n": 1}"# + "\n" + #"{"text": "Ümlaut 😀 \ud83d\ude00"}"#,
        "{\"text\": \"\"}\n\n",
      ]
    ) { _ = try JSONText.lines($0, field: "text", file: "f") }
    let object = FuzzTarget(
      "json", texts: [#"{"a": {"text": "It was"}, "b": {"title": "x", "text": "Next\nday"}}"#]
    ) { _ = try JSONText.object($0, field: "text", file: "f") }
    let tokenizer = Tokenizer.bytes
    let tasks = FuzzTarget(
      "tasks",
      texts: [
        #"{"query": "It was", "choices": ["a day", "a night"], "gold": 1}"# + "\n",
        #"{"context_options": ["It", "He"], "continuation": "was", "gold": 0}"# + "\n",
        #"{"context": "It", "continuation": "was"}"# + "\n"
          + #"{"context": "", "continuation": "x"}"#,
        #"{"sentence_good": "It was.", "sentence_bad": "It were."}"#,
        #"{"context": "1+1", "answer": "2"}"#,
      ]
    ) { input in
      let file = try scratch.put(input, "arc_t.jsonl")
      _ = try FileTasks(file, tokenizer: tokenizer, contextLength: 32, shots: nil) {
        url throws(UserError) in throw UserError(.badData, "no description")
      }
    }
    return [csv, foreign, curve, lines, object, tasks]
  }
}

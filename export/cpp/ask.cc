// Asks an exported generator in C++, through the loader that TensorFlow Serving uses.
//
//   ask MODEL_DIR sample COUNT [SEED] [TEMPERATURE]
//   ask MODEL_DIR complete SEED TEMPERATURE TOP_K TOP_P PROMPT...
//   ask MODEL_DIR score TEXT...
//   ask MODEL_DIR search SEED TEMPERATURE NUM_CANDIDATES GUIDANCE PROMPT...
//
// MODEL_DIR is one version, such as exports/poetry/1. Row i is drawn from SEED + i; a negative SEED asks for fresh ones. Prints a line
// for each row, its outputs separated by tabs. A row that breaks a rule is an error on stderr, the others are as ever, and the exit
// code is 1.

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/public/session.h"

using tensorflow::Tensor;
using tensorflow::tstring;
using Inputs = std::vector<std::pair<std::string, Tensor>>;

// What is printed of each signature, in this order. A model without a trained discriminator has no prob_real and no search.
const std::map<std::string, std::vector<std::string>> kOutputs = {
    {"sample", {"seed", "log_prob", "tokens", "text"}},
    {"complete", {"seed", "log_prob", "tokens", "text"}},
    {"score", {"log_prob", "prob_real", "length"}},
    {"search", {"seed", "log_prob", "prob_real", "tokens", "text"}}};

// Runs one signature: inputs and outputs by the names of the signature, not of the graph. Outputs come in the order asked for.
absl::Status Run(const tensorflow::SavedModelBundle& model, const std::string& signature_name, const Inputs& inputs,
                 const std::vector<std::string>& outputs, std::vector<Tensor>* results) {
  const auto& signatures = model.meta_graph_def.signature_def();
  const auto found = signatures.find(signature_name);
  if (found == signatures.end()) return absl::NotFoundError("the model has no signature " + signature_name);
  Inputs feeds;
  for (const auto& [name, tensor] : inputs) feeds.emplace_back(found->second.inputs().at(name).name(), tensor);
  std::vector<std::string> fetches;
  for (const auto& name : outputs) fetches.push_back(found->second.outputs().at(name).name());
  return model.session->Run(feeds, fetches, {}, results);
}

// The outputs of a signature that are printed and that the model has.
std::vector<std::string> Printed(const tensorflow::SavedModelBundle& model, const std::string& signature_name) {
  const auto& signatures = model.meta_graph_def.signature_def();
  const auto found = signatures.find(signature_name);
  std::vector<std::string> names;
  for (const auto& name : kOutputs.at(signature_name))
    if (found == signatures.end() || found->second.outputs().count(name)) names.push_back(name);
  return names;
}

// A tensor [rows] of one value.
template <typename T>
Tensor Fill(int64_t rows, T value) {
  Tensor tensor(tensorflow::DataTypeToEnum<T>::v(), {rows});
  tensor.vec<T>().setConstant(value);
  return tensor;
}

Tensor Seeds(int64_t rows, int64_t first) {
  Tensor seeds = Fill<int64_t>(rows, -1);
  for (int64_t i = 0; first >= 0 && i < rows; ++i) seeds.vec<int64_t>()(i) = first + i;
  return seeds;
}

Tensor Texts(const std::vector<std::string>& values) {
  Tensor texts(tensorflow::DT_STRING, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) texts.vec<tstring>()(i) = values[i];
  return texts;
}

double Number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end) throw std::invalid_argument("an argument must be a number. Received: " + text);
  return value;
}

int64_t Integer(const std::string& text) {
  char* end = nullptr;
  const int64_t value = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end) throw std::invalid_argument("an argument must be an integer. Received: " + text);
  return value;
}

// The inputs that a command line asks for.
Inputs Parse(const std::string& signature, const std::vector<std::string>& args) {
  const size_t count = args.size();
  if (signature == "sample" && count >= 1 && count <= 3) {
    const int64_t rows = Integer(args[0]);
    if (rows < 1) throw std::invalid_argument("COUNT must be at least 1. Received: " + args[0]);
    return {{"seed", Seeds(rows, count > 1 ? Integer(args[1]) : -1)},
            {"temperature", Fill<float>(rows, count > 2 ? Number(args[2]) : 1.0)}};
  }
  if ((signature == "complete" || signature == "search") && count >= 5) {
    const int64_t rows = count - 4;
    const bool search = signature == "search";
    return {{"seed", Seeds(rows, Integer(args[0]))}, {"temperature", Fill<float>(rows, Number(args[1]))},
            {search ? "num_candidates" : "top_k", Fill<int32_t>(rows, Integer(args[2]))},
            {search ? "guidance" : "top_p", Fill<float>(rows, Number(args[3]))},
            {"prompt", Texts({args.begin() + 4, args.end()})}};
  }
  if (signature == "score" && count >= 1) return {{"text", Texts(args)}};
  throw std::invalid_argument("arguments must be MODEL_DIR and: sample COUNT [SEED] [TEMPERATURE], complete SEED TEMPERATURE TOP_K TOP_P "
                              "PROMPT..., score TEXT..., or search SEED TEMPERATURE NUM_CANDIDATES GUIDANCE PROMPT...");
}

// One row of an output: numbers, or a text.
void Print(const Tensor& output, int64_t row) {
  if (output.dtype() == tensorflow::DT_STRING) std::cout << output.vec<tstring>()(row);
  if (output.dtype() == tensorflow::DT_INT64) std::cout << output.vec<int64_t>()(row);
  if (output.dtype() == tensorflow::DT_FLOAT) std::cout << std::setprecision(9) << output.vec<float>()(row);
  if (output.dtype() == tensorflow::DT_INT32) {  // [rows], or the tokens [rows, T]
    const int64_t width = output.NumElements() / output.dim_size(0);
    for (int64_t i = 0; i < width; ++i) std::cout << (i ? " " : "") << output.flat<int32_t>()(row * width + i);
  }
}

int main(int argc, char** argv) try {
  const std::vector<std::string> args(argv + 1, argv + argc);
  const std::string signature = args.size() > 1 ? args[1] : "";
  const Inputs inputs = Parse(signature, {args.begin() + std::min<size_t>(2, args.size()), args.end()});
  tensorflow::SavedModelBundle model;
  absl::Status status = tensorflow::LoadSavedModel({}, {}, args[0], {"serve"}, &model);
  std::vector<std::string> outputs;
  if (status.ok()) outputs = Printed(model, signature);
  outputs.push_back("error");
  std::vector<Tensor> results;
  if (status.ok()) status = Run(model, signature, inputs, outputs, &results);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));

  bool failed = false;
  const auto errors = results.back().vec<tstring>();
  for (int64_t row = 0; row < errors.size(); ++row) {
    if (!errors(row).empty()) {
      std::cerr << "error: row " << row << ": " << errors(row) << "\n";
      failed = true;
      continue;
    }
    for (size_t i = 0; i + 1 < results.size(); ++i) {
      if (i) std::cout << '\t';
      Print(results[i], row);
    }
    std::cout << '\n';
  }
  return failed;
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << "\n";
  return 1;
}

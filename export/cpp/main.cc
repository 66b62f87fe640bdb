// Draws texts from an exported generator in C++, through the loader that TensorFlow Serving uses.
//
//   sample MODEL_DIR [COUNT] [FIRST_SEED] [TEMPERATURE]
//
// MODEL_DIR is one version, such as exports/poetry/1. Prints a line for each text: seed, log_prob (nats), tokens and text, separated
// by tabs; the exit code is 1 after an error.

#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/public/session.h"

using tensorflow::Tensor;
using tensorflow::tstring;

// Runs one signature: inputs and outputs by the names of the signature, not of the graph. Outputs come in the order asked for.
absl::Status Run(const tensorflow::SavedModelBundle& model, const std::string& signature_name,
                 const std::vector<std::pair<std::string, Tensor>>& inputs, const std::vector<std::string>& outputs,
                 std::vector<Tensor>* results) {
  const auto& signatures = model.meta_graph_def.signature_def();
  const auto found = signatures.find(signature_name);
  if (found == signatures.end()) return absl::NotFoundError("the model has no signature " + signature_name);
  std::vector<std::pair<std::string, Tensor>> feeds;
  for (const auto& [name, tensor] : inputs) feeds.emplace_back(found->second.inputs().at(name).name(), tensor);
  std::vector<std::string> fetches;
  for (const auto& name : outputs) fetches.push_back(found->second.outputs().at(name).name());
  return model.session->Run(feeds, fetches, {}, results);
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::cerr << "usage: " << argv[0] << " MODEL_DIR [COUNT] [FIRST_SEED] [TEMPERATURE]\n";
    return 1;
  }
  const int64_t count = argc > 2 ? std::atoll(argv[2]) : 1;
  const int64_t first_seed = argc > 3 ? std::atoll(argv[3]) : -1;
  const float temperature = argc > 4 ? std::atof(argv[4]) : 1.0f;
  if (count < 1) {
    std::cerr << "error: COUNT must be at least 1. Received: " << argv[2] << "\n";
    return 1;
  }

  tensorflow::SavedModelBundle model;
  absl::Status status = tensorflow::LoadSavedModel({}, {}, argv[1], {"serve"}, &model);
  Tensor seeds(tensorflow::DT_INT64, {count}), temperatures(tensorflow::DT_FLOAT, {count});
  for (int64_t i = 0; i < count; ++i) {
    seeds.vec<int64_t>()(i) = first_seed < 0 ? -1 : first_seed + i;  // a negative seed asks the model for a fresh one
    temperatures.vec<float>()(i) = temperature;
  }
  std::vector<Tensor> results;
  if (status.ok()) {
    status = Run(model, "sample", {{"seed", seeds}, {"temperature", temperatures}}, {"seed", "log_prob", "tokens", "text", "error"},
                 &results);
  }
  if (!status.ok()) {
    std::cerr << "error: " << status.message() << "\n";
    return 1;
  }

  bool failed = false;
  const auto tokens = results[2].matrix<int32_t>();
  for (int64_t i = 0; i < count; ++i) {
    const tstring& error = results[4].vec<tstring>()(i);
    if (!error.empty()) {
      std::cerr << "error: " << error << "\n";
      failed = true;
      continue;
    }
    std::cout << results[0].vec<int64_t>()(i) << '\t' << std::setprecision(9) << results[1].vec<float>()(i) << '\t';
    for (int64_t t = 0; t < tokens.dimension(1); ++t) std::cout << (t ? " " : "") << tokens(i, t);
    std::cout << '\t' << results[3].vec<tstring>()(i) << '\n';
  }
  return failed;
}

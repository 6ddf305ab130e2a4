// A stand-in for tests, not TFLM's header: see README.md in tflm_stand_in.
#ifndef TFLM_STAND_IN_MICRO_MUTABLE_OP_RESOLVER_H_
#define TFLM_STAND_IN_MICRO_MUTABLE_OP_RESOLVER_H_

#include "tensorflow/lite/c/common.h"

namespace tflite {

class MicroOpResolver {
 public:
  // Whether there are exactly as many operators as room for them.
  virtual bool IsFull() const = 0;

 protected:
  ~MicroOpResolver() = default;
};

template <unsigned int tOpCount>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  bool IsFull() const override { return count_ == tOpCount; }

  TfLiteStatus AddAdd() { return Count(); }
  TfLiteStatus AddAveragePool2D() { return Count(); }
  TfLiteStatus AddConcatenation() { return Count(); }
  TfLiteStatus AddConv2D() { return Count(); }
  TfLiteStatus AddDepthwiseConv2D() { return Count(); }
  TfLiteStatus AddFullyConnected() { return Count(); }
  TfLiteStatus AddGather() { return Count(); }
  TfLiteStatus AddMaxPool2D() { return Count(); }
  TfLiteStatus AddMean() { return Count(); }
  TfLiteStatus AddMul() { return Count(); }
  TfLiteStatus AddPad() { return Count(); }
  TfLiteStatus AddReshape() { return Count(); }
  TfLiteStatus AddSoftmax() { return Count(); }
  TfLiteStatus AddStridedSlice() { return Count(); }

 private:
  TfLiteStatus Count() {
    ++count_;
    return count_ <= tOpCount ? kTfLiteOk : kTfLiteError;
  }

  unsigned int count_ = 0;
};

}  // namespace tflite

#endif  // TFLM_STAND_IN_MICRO_MUTABLE_OP_RESOLVER_H_

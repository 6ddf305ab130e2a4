// Made by hlp-export; do not edit.
#ifndef TINY_SETTINGS_H_
#define TINY_SETTINGS_H_

#include <cstdint>

namespace tiny_model {

// An image is kImageBytes of uint8: rows from the top, pixels from the left,
// and for each pixel its channels.
constexpr int kImageHeight = 6;
constexpr int kImageWidth = 6;
constexpr int kImageChannels = 3;
constexpr int kImageBytes = kImageHeight * kImageWidth * kImageChannels;

// The model's input is int8: a byte of the image plus kInputZeroPoint. That is
// all the normalisation there is.
constexpr int kInputZeroPoint = -128;
constexpr float kInputScale = 0.003921569f;

// A logit is kOutputScale * (score - kOutputZeroPoint).
constexpr int kOutputZeroPoint = 5;
constexpr float kOutputScale = 0.008f;

constexpr int kCategoryCount = 3;
inline constexpr const char* kCategoryLabels[kCategoryCount] = {
    "cat",
    "ship",
    "a \"d\303\266g\"",
};
// The position of each category in the logits of the full network.
inline constexpr int kClassIndices[kCategoryCount] = {
    1, 4, 7,
};

// A gain is kGainCount of uint8, the factors of these nodes: kNeutralGain is 1
// and changes nothing, more enhances what belongs to the node, less inhibits
// it, and 0 switches it off.
constexpr int kNeutralGain = 128;
constexpr int kGainCount = 2;
inline constexpr const char* kGainNodes[kGainCount] = {
    "animal",
    "vehicle",
};

// 3984 bytes are what TFLM's reference kernels needed on a 64-bit host; the
// rest is for scratch memory of optimised kernels and a margin. ArenaUsedBytes()
// says what the device needs.
constexpr int kTensorArenaSize = 5152;

}  // namespace tiny_model

#endif  // TINY_SETTINGS_H_

// Made by hlp-export; do not edit.
#ifndef TINY_MODEL_DATA_H_
#define TINY_MODEL_DATA_H_

extern const unsigned int g_tiny_model_data_size;
extern const unsigned char g_tiny_model_data[];

#endif  // TINY_MODEL_DATA_H_

// Made by hlp-export; do not edit.
#ifndef TINY_HEAD_VEHICLE_MODEL_DATA_H_
#define TINY_HEAD_VEHICLE_MODEL_DATA_H_

extern const unsigned int g_tiny_head_vehicle_model_data_size;
extern const unsigned char g_tiny_head_vehicle_model_data[];

#endif  // TINY_HEAD_VEHICLE_MODEL_DATA_H_

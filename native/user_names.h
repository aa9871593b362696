// Names of users by their ids, asked of the system's name services once in a while.
#pragma once
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "avro.h"

namespace acceptstream {

// Answers are kept, unknown users too, because a name service may ask the network. Belongs to one thread.
class UserNames {
 public:
  // The longest name (LOGIN_NAME_MAX without its NUL); longer ones count as unknown.
  static constexpr size_t kNameMax = 255;

  // The name as the service gives it, as it stands in a datum; an empty one when there is none. `now_ns` is a clock that
  // does not go back. Valid until the next call.
  const Made &find(uid_t uid, uint64_t now_ns);

 private:
  struct Answer {
    uint64_t until_ns = 0;
    uid_t uid = 0;
    Made name;
  };

  // Each id has one place; another id with the same place takes it over.
  std::array<Answer, 256> answers_;
};

}  // namespace acceptstream

// Node-API shell around the reader. Knows nothing of libbpf; every call is synchronous, on the thread that opened.
#include <napi.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "credentials.h"
#include "encode.h"
#include "notify.h"
#include "reader.h"

namespace acceptstream {

namespace {

std::string text(const Napi::Object &options, const char *name) {
  return options.Get(name).As<Napi::String>().Utf8Value();
}

int64_t number(const Napi::Object &options, const char *name) {
  return options.Get(name).As<Napi::Number>().Int64Value();
}

std::vector<uint8_t> bytes(const Napi::Object &options, const char *name) {
  const Napi::Uint8Array array = options.Get(name).As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

Identity identity_of(const Napi::Object &options) {
  return {text(options, "host"), text(options, "hostId"), text(options, "captureId"), text(options, "bootId")};
}

FilterOptions filter_of(const Napi::Object &options) {
  FilterOptions result;
  result.pid = number(options, "pid");
  result.family = static_cast<uint16_t>(number(options, "family"));
  result.cgroups = static_cast<uint8_t>(number(options, "cgroups"));
  result.no_loopback = options.Get("noLoopback").As<Napi::Boolean>();
  result.cgroup_map = text(options, "cgroupMap");
  result.mntns_map = text(options, "mntnsMap");
  result.port_bits = bytes(options, "portBits");
  result.remote_port_bits = bytes(options, "remotePortBits");
  result.uids = bytes(options, "uids");
  result.comms = bytes(options, "comms");
  result.netns = bytes(options, "netns");
  result.nets = bytes(options, "nets");
  result.cgroup_steps = bytes(options, "cgroupSteps");
  return result;
}

CaptureOptions options_of(const Napi::Object &options) {
  CaptureOptions result;
  result.object = text(options, "object");
  result.hook = text(options, "hook");
  result.ring_bytes = static_cast<uint32_t>(number(options, "ringBytes"));
  result.filter = filter_of(options.Get("filter").As<Napi::Object>());
  result.identity = identity_of(options);
  return result;
}

Napi::Value failed(Napi::Env env, int error, const Failure &failure) {
  Napi::Object result = Napi::Object::New(env);
  result["errno"] = -error;
  result["operation"] = failure.operation;
  result["detail"] = failure.detail;
  return result;
}

}  // namespace

// The reader behind a JavaScript object; closed by close() or with the object.
class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Capture",
                       {InstanceMethod<&Handle::open>("open"), InstanceMethod<&Handle::drain>("drain"),
                        InstanceMethod<&Handle::commit>("commit"), InstanceMethod<&Handle::seek>("seek"),
                        InstanceMethod<&Handle::position>("position"), InstanceMethod<&Handle::unproven>("unproven"),
                        InstanceMethod<&Handle::counters>("counters"), InstanceMethod<&Handle::detach>("detach"),
                        InstanceMethod<&Handle::close>("close")});
  }

  explicit Handle(const Napi::CallbackInfo &info) : ObjectWrap(info) {}

 private:
  // open(options) → undefined, or {errno, operation, detail}
  Napi::Value open(const Napi::CallbackInfo &info) {
    const CaptureOptions options = options_of(info[0].As<Napi::Object>());
    Failure failure;
    reader_ = std::make_unique<Reader>(options.identity);
    const int error = reader_->open(options, &failure);
    if (!error) return info.Env().Undefined();
    reader_.reset();
    return failed(info.Env(), error, failure);
  }

  // drain(target) → {bytes, records, position}, or -errno
  Napi::Value drain(const Napi::CallbackInfo &info) {
    Napi::Uint8Array target = info[0].As<Napi::Uint8Array>();
    Drained drained;
    const int error = reader_->drain(target.Data(), target.ByteLength(), &drained);
    if (error) return Napi::Number::New(info.Env(), error);
    Napi::Object result = Napi::Object::New(info.Env());
    result["bytes"] = static_cast<double>(drained.bytes);
    result["records"] = drained.records;
    result["position"] = static_cast<double>(drained.position);
    return result;
  }

  // commit(position), seek(position) → 0 or -errno
  Napi::Value commit(const Napi::CallbackInfo &info) { return Napi::Number::New(info.Env(), reader_->commit(at(info))); }
  Napi::Value seek(const Napi::CallbackInfo &info) { return Napi::Number::New(info.Env(), reader_->seek(at(info))); }

  Napi::Value position(const Napi::CallbackInfo &info) {
    return Napi::Number::New(info.Env(), static_cast<double>(reader_->position()));
  }

  static uint64_t at(const Napi::CallbackInfo &info) {
    return static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  }

  Napi::Value counters(const Napi::CallbackInfo &info) {
    const Counters counters = reader_->counters();
    Napi::Object result = Napi::Object::New(info.Env());
    result["seen"] = static_cast<double>(counters.seen);
    result["filtered"] = static_cast<double>(counters.filtered);
    result["submitted"] = static_cast<double>(counters.submitted);
    result["lost"] = static_cast<double>(counters.lost);
    result["missed"] = static_cast<double>(counters.missed);
    result["probe"] = static_cast<double>(counters.probe);
    return result;
  }

  Napi::Value unproven(const Napi::CallbackInfo &info) {
    return Napi::String::New(info.Env(), reader_->unproven());
  }

  void detach(const Napi::CallbackInfo &) { reader_->detach(); }
  void close(const Napi::CallbackInfo &) { reader_.reset(); }

  std::unique_ptr<Reader> reader_;
};

namespace {

// The encoder of the identity last used: as a capture's it keeps what it made, from call to call.
Encoder &encoder_of(const Identity &identity) {
  static thread_local std::unique_ptr<Encoder> kept;
  if (!kept || !(kept->identity() == identity)) kept = std::make_unique<Encoder>(identity);
  kept->clock().refresh();
  return *kept;
}

// encode(events, identity, target) → bytes written, or -errno. Events are length-prefixed (u32, host endian).
Napi::Value encode(const Napi::CallbackInfo &info) {
  const Napi::Uint8Array events = info[0].As<Napi::Uint8Array>();
  Napi::Uint8Array target = info[2].As<Napi::Uint8Array>();
  Encoder &encoder = encoder_of(identity_of(info[1].As<Napi::Object>()));
  uint8_t *out = target.Data();
  for (size_t at = 0; at < events.ByteLength();) {
    uint32_t length;
    memcpy(&length, events.Data() + at, sizeof(length));
    if (target.ByteLength() - static_cast<size_t>(out - target.Data()) < encoder.datum_max())
      return Napi::Number::New(info.Env(), -ENOSPC);
    out = encoder.encode(events.Data() + at + sizeof(length), length, out);
    if (!out) return Napi::Number::New(info.Env(), -EPROTO);
    at += sizeof(length) + length;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(out - target.Data()));
}

// hungUp(fd) → whether the other end of a pipe or socket is gone
Napi::Value hung_up(const Napi::CallbackInfo &info) {
  pollfd descriptor = {info[0].As<Napi::Number>().Int32Value(), 0, 0};
  const int ready = poll(&descriptor, 1, 0);
  return Napi::Boolean::New(info.Env(), ready > 0 && descriptor.revents & (POLLERR | POLLHUP));
}

// lockFile(fd) → 0, or -errno: EWOULDBLOCK while another open file has the lock
Napi::Value lock_file(const Napi::CallbackInfo &info) {
  const int error = flock(info[0].As<Napi::Number>().Int32Value(), LOCK_EX | LOCK_NB) ? -errno : 0;
  return Napi::Number::New(info.Env(), error);
}

// notify(path of a socket, text) → 0 or -errno
Napi::Value notify_manager(const Napi::CallbackInfo &info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  return Napi::Number::New(info.Env(), notify(path, info[1].As<Napi::String>().Utf8Value()));
}

// dropCapabilities() → threads that keep some, or -errno
Napi::Value drop_all_capabilities(const Napi::CallbackInfo &info) {
  return Napi::Number::New(info.Env(), drop_capabilities());
}

// libbpfVersion() → text such as v1.5
Napi::Value version_of_libbpf(const Napi::CallbackInfo &info) {
  return Napi::String::New(info.Env(), libbpf_version());
}

// utcOffset(seconds since the epoch) → seconds east of UTC by the C library's rules for TZ
Napi::Value utc_offset(const Napi::CallbackInfo &info) {
  const time_t instant = static_cast<time_t>(info[0].As<Napi::Number>().Int64Value());
  tm local = {};
  localtime_r(&instant, &local);
  return Napi::Number::New(info.Env(), static_cast<double>(local.tm_gmtoff));
}

}  // namespace

}  // namespace acceptstream

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  tzset();
  exports["Capture"] = acceptstream::Handle::define(env);
  exports["dropCapabilities"] = Napi::Function::New(env, acceptstream::drop_all_capabilities);
  exports["encode"] = Napi::Function::New(env, acceptstream::encode);
  exports["hungUp"] = Napi::Function::New(env, acceptstream::hung_up);
  exports["libbpfVersion"] = Napi::Function::New(env, acceptstream::version_of_libbpf);
  exports["lockFile"] = Napi::Function::New(env, acceptstream::lock_file);
  exports["notify"] = Napi::Function::New(env, acceptstream::notify_manager);
  exports["utcOffset"] = Napi::Function::New(env, acceptstream::utc_offset);
  return exports;
}

NODE_API_MODULE(acceptstream, init)

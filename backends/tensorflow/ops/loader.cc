// The Node-API module that the program loads. It opens the library beside it, which is linked to TensorFlow, with stderr
// turned away: TensorFlow prints remarks for its developers while it is loaded, before any of its settings can say no.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <string>

namespace {

// Sends stderr nowhere as long as it lives.
class Silence {
 public:
  Silence() : stderr_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (stderr_ < 0 || nowhere < 0) return;
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  ~Silence() {
    if (stderr_ < 0) return;
    dup2(stderr_, STDERR_FILENO);
    close(stderr_);
  }

 private:
  int stderr_;
};

// The library's path: that of this one with another name.
std::string library_path() {
  Dl_info own;
  if (dladdr(reinterpret_cast<void*>(&library_path), &own) == 0) return YOPO_LIBRARY;
  const std::string path = own.dli_fname;
  return path.substr(0, path.rfind('/') + 1) + YOPO_LIBRARY;
}

typedef napi_value (*Register)(napi_env, napi_value);

// Exports the reason alone; an exception at this point does not reach the caller in every runtime.
napi_value fail(napi_env env, napi_value exports, const char* reason) {
  napi_value text;
  if (napi_create_string_utf8(env, reason, NAPI_AUTO_LENGTH, &text) == napi_ok) {
    napi_set_named_property(env, exports, "error", text);
  }
  return exports;
}

}  // namespace

NAPI_MODULE_INIT() {
  const Silence silence;
  void* library = dlopen(library_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail(env, exports, dlerror());
  const auto start = reinterpret_cast<Register>(dlsym(library, "napi_register_module_v1"));
  if (start == nullptr) return fail(env, exports, "it has no napi_register_module_v1");
  return start(env, exports);
}

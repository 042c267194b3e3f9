#include "tests/sagas/gateways/mock_provider.h"

#include <cstdlib>
#include <list>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace florin::test_support {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct MockProvider::Sockets {
  asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::unique_ptr<asio::ssl::context> tls;
  std::mutex mutex;
  bool stopping = false;
  struct Client {
    tcp::socket socket;
    std::thread thread;
  };
  std::list<Client> clients;  // under mutex; the sockets belong to their threads but for shutdown()
};

MockReply http_reply(unsigned status, std::string const& body, std::string const& more_headers) {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + more_headers +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
          false, false};
}

MockProvider::MockProvider(Script script, std::string certificate, std::string key)
    : script_(std::move(script)), sockets_(std::make_unique<Sockets>()) {
  if (!certificate.empty()) {
    sockets_->tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    sockets_->tls->use_certificate(asio::buffer(certificate), asio::ssl::context::pem);
    sockets_->tls->use_private_key(asio::buffer(key), asio::ssl::context::pem);
  }
  port_ = sockets_->acceptor.local_endpoint().port();
  acceptor_ = std::thread([this] { accept_all(); });
}

MockProvider::~MockProvider() {
  {
    std::lock_guard const lock(sockets_->mutex);
    sockets_->stopping = true;
    ::shutdown(sockets_->acceptor.native_handle(), SHUT_RDWR);
  }
  acceptor_.join();
  for (auto& client : sockets_->clients) {
    ::shutdown(client.socket.native_handle(), SHUT_RDWR);
    client.thread.join();
  }
}

std::vector<MockProvider::Request> MockProvider::requests() const {
  std::lock_guard const lock(mutex_);
  return requests_;
}

std::string MockProvider::server_name() const {
  std::lock_guard const lock(mutex_);
  return server_name_;
}

void MockProvider::accept_all() {
  for (;;) {
    boost::system::error_code failed;
    tcp::socket socket(sockets_->io);
    sockets_->acceptor.accept(socket, failed);
    std::lock_guard const lock(sockets_->mutex);
    if (failed || sockets_->stopping) return;
    ++connections_;
    Sockets::Client& client = sockets_->clients.emplace_back(Sockets::Client{std::move(socket), {}});
    client.thread = std::thread([this, &client] {
      if (sockets_->tls) {
        asio::ssl::stream<tcp::socket&> stream(client.socket, *sockets_->tls);
        boost::system::error_code refused;
        stream.handshake(asio::ssl::stream_base::server, refused);
        if (!refused) {
          char const* const name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
          {
            std::lock_guard const name_lock(mutex_);
            server_name_ = name == nullptr ? "" : name;
          }
          serve(stream);
        }
      } else {
        serve(client.socket);
      }
      ::shutdown(client.socket.native_handle(), SHUT_RDWR);
    });
  }
}

template <class Stream>
void MockProvider::serve(Stream& stream) {
  boost::beast::flat_buffer buffer;
  boost::system::error_code failed;
  for (;;) {
    Request request;
    http::read(stream, buffer, request, failed);
    if (failed) return;
    std::size_t nth = 0;
    {
      std::lock_guard const lock(mutex_);
      nth = requests_.size();
      requests_.push_back(request);
    }
    MockReply const reply = script_(nth, request);
    asio::write(stream, asio::buffer(reply.raw), failed);
    if (failed || reply.close) return;
    if (reply.hang) {
      char byte = 0;
      while (!failed) stream.read_some(asio::buffer(&byte, 1), failed);
      return;
    }
  }
}

SelfSigned self_signed(std::string const& host) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  if (key == nullptr || certificate == nullptr) std::abort();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + host).c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  if (X509_sign(certificate, key, EVP_sha256()) == 0) std::abort();

  auto const text = [](auto write) {
    BIO* const memory = BIO_new(BIO_s_mem());
    write(memory);
    char* data = nullptr;
    auto const size = static_cast<std::size_t>(BIO_get_mem_data(memory, &data));
    std::string out(data, size);
    BIO_free(memory);
    return out;
  };
  SelfSigned out;
  out.certificate = text([&](BIO* to) { PEM_write_bio_X509(to, certificate); });
  out.key = text([&](BIO* to) { PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

}  // namespace florin::test_support

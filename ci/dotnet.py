"""What .NET makes of a key store of ours: reads it, signs with its key, and calls the hub with it over mutual TLS.

dotnet.py STORE.p12 PASSWORD URL REQUEST.xml
Needs pythonnet and dotnetcore2 (which carries the runtime of .NET Core 3.1), and the OpenSSL 1.1 that this runtime binds.
"""

import json
import os
import sys
import tempfile

import dotnetcore2
from clr_loader import get_coreclr
from pythonnet import set_runtime

store, password, url, request = sys.argv[1:]
root = os.path.join(os.path.dirname(dotnetcore2.__file__), "bin")
version = os.listdir(os.path.join(root, "shared", "Microsoft.NETCore.App"))[0]
with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as config:
    json.dump({"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": {"name": "Microsoft.NETCore.App", "version": version}}}, config)
set_runtime(get_coreclr(runtime_config=config.name, dotnet_root=root))
os.unlink(config.name)

import clr  # noqa: E402

for assembly in ("X509Certificates", "Primitives", "Algorithms"):
    clr.AddReference(f"System.Security.Cryptography.{assembly}")
clr.AddReference("System.Net.Http")
clr.AddReference("System.Net.Security")

from System import Array, Byte  # noqa: E402
from System.Net.Http import HttpClient, HttpClientHandler, StringContent  # noqa: E402
from System.Runtime.InteropServices import RuntimeInformation  # noqa: E402
from System.Security.Cryptography import CryptographicException, HashAlgorithmName  # noqa: E402
from System.Security.Cryptography.X509Certificates import (  # noqa: E402
    ECDsaCertificateExtensions,
    X509Certificate2,
    X509Certificate2Collection,
    X509KeyStorageFlags,
)
from System.Text import Encoding  # noqa: E402

# The whole chain, the key with the certificate it belongs to, and no way in with another password.
chain = X509Certificate2Collection()
chain.Import(store, password, X509KeyStorageFlags.DefaultKeySet)
assert chain.Count == 3, f"{chain.Count} certificates"
assert [one.HasPrivateKey for one in chain].count(True) == 1, "one key belongs to one certificate"
own = X509Certificate2(store, password)
try:
    X509Certificate2(store, password + "x")
    sys.exit("a wrong password opens the store")
except CryptographicException:
    pass
data = Array[Byte](list(b"signed by the key of the store"))
key, known = ECDsaCertificateExtensions.GetECDsaPrivateKey(own), ECDsaCertificateExtensions.GetECDsaPublicKey(own)
assert known.VerifyData(data, key.SignData(data, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256), "the signature"

# The hub. Who it is stands in the cases of curl and openssl; here it is asked who we are. This runtime sends the certificate
# alone, without what stands above it.
handler = HttpClientHandler()
handler.ClientCertificates.Add(own)
handler.ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator
with open(request, encoding="utf-8") as file:
    content = StringContent(file.read(), Encoding.UTF8, "text/xml")
answer = HttpClient(handler).PostAsync(url, content).Result
text = answer.Content.ReadAsStringAsync().Result
assert int(answer.StatusCode) == 200 and "GetCareDocumentationResponse" in text, f"{answer.StatusCode}: {text[:600]}"
print(RuntimeInformation.FrameworkDescription)

-- One SOAP call, again and again; REQUEST names the file with its body.
local file = assert(io.open(os.getenv("REQUEST"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "text/xml; charset=UTF-8"
wrk.headers["SOAPAction"] = "urn:riv:bench:OpResponder:1:Op"
wrk.headers["x-vp-sender-id"] = "SENDER"
wrk.headers["x-vp-instance-id"] = "BENCH"

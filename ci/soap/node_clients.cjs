// Clients made by node-soap and by strong-soap from the hub's own ?wsdl: three contracts answered and parsed, one refusal
// read as a fault. Arguments: which of the two, and the hub's URL. Exit codes: 0 all as expected, 1 something was not.
'use strict';

const [library, url] = process.argv.slice(2);
const hub = url.replace(/\/$/, '');
const registry = 'urn:riv:itintegration:registry:1';
const patient = '191212121212';
const diagnosis = 'clinicalprocess/healthcond/description/GetDiagnosis/2/rivtabp21';
const question = { patientId: { id: patient, type: '1.2.752.129.2.1.3.1' } };

// node-soap takes a message's first part for the body, and never looks at `parts` of soap:body. Published descriptions
// have the header's part first, so it is shown them the other way round; nothing else is changed.
async function nodeSoap(wsdl, address) {
  const soap = require('soap');
  class BodyFirst extends soap.HttpClient {
    request(target, data, callback, ...more) {
      const swapped = (error, response, body) => {
        const parts = /((?:<wsdl:part [^>]*\/>\s*)+?)(<wsdl:part name="parameters"[^>]*\/>)/g;
        callback(error, response, typeof body === 'string' ? body.replace(parts, '$2$1') : body);
      };
      return super.request(target, data, swapped, ...more);
    }
  }
  const made = await soap.createClientAsync(wsdl, { httpClient: new BodyFirst() });
  made.addSoapHeader({ LogicalAddress: address }, '', 'itr', registry);
  return async (operation, values) => (await made[`${operation}Async`](values))[0];
}

// strong-soap reads the binding, and needs no help.
async function strongSoap(wsdl, address) {
  const { soap, QName } = require('strong-soap');
  const made = await new Promise((resolve, reject) =>
    soap.createClient(wsdl, {}, (error, client) => (error ? reject(error) : resolve(client))));
  made.addSoapHeader({ LogicalAddress: address });
  return (operation, values) => new Promise((resolve, reject) =>
    made[operation](values, (error, answer) => (error ? reject(error) : resolve(answer))));
}

const makers = { 'node-soap': nodeSoap, 'strong-soap': strongSoap };
const client = (path, address) => makers[library](`${hub}/vp/${path}?wsdl`, address);

function check(what, holds, found) {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(found)}`);
  console.log(`${library}: ${what}`);
}

async function main() {
  const diagnoses = await (await client(diagnosis, 'SE2321000016-S002'))('GetDiagnosis', question);
  const first = [].concat(diagnoses.diagnosis)[0];
  check('GetDiagnosis 2 is parsed', first.diagnosisHeader.patientId.id === patient, diagnoses);
  const kinds = ['Huvuddiagnos', 'Bidiagnos'];
  check("its values are the contract's", kinds.includes(first.diagnosisBody.typeOfDiagnosis), first);

  const find = await client('itintegration/engagementindex/FindContent/1/rivtabp21', '5565594230');
  const serviceDomain = 'riv:clinicalprocess:healthcond:description';
  const found = await find('FindContent', { registeredResidentIdentification: patient, serviceDomain });
  const rows = [].concat(found.engagement);
  const own = (row) => row.registeredResidentIdentification === patient && row.serviceDomain === serviceDomain;
  check('FindContent 1 is parsed', rows.length > 0 && rows.every(own), found);

  const schedule = await client('crm/scheduling/GetSubjectOfCareSchedule/1/rivtabp21', 'SE2321000016-1004');
  const values = { healthcare_facility: 'SE2321000016-1004', subject_of_care: patient };
  const booked = await schedule('GetSubjectOfCareSchedule', values);
  const times = [].concat(booked.timeslotDetail);
  check('GetSubjectOfCareSchedule 1 is parsed', times.length > 0 && times.every((time) => time.bookingId), booked);

  const refused = await (await client(diagnosis, 'NOBODY'))('GetDiagnosis', question).then(
    (answer) => { throw new Error(`an unknown address was answered: ${JSON.stringify(answer)}`); },
    (error) => error,
  );
  check('an unknown address is a fault', /VP004 \[/.test(refused.message) && /Fault/.test(refused.body ?? ''), refused.message);
}

main().catch((error) => {
  console.error(`${library}: ${error.message}`);
  process.exit(1);
});

// What the name of a column says about it.

/** Names of keys: `customer_id`, `orderID`, 编号. */
export function isKeyName(name: string): boolean {
  const pattern = /(^|[_\s.-])(id|uuid|guid|key|no|nr|row|index)$|[a-z]I[dD]$|编号|序号|号码|单号/;
  return pattern.test(/[A-Z]/.test(name.slice(1)) ? name : name.toLowerCase());
}

/** Things that have many rows each: `patient`, `store`, 客户. */
export function isEntityName(name: string): boolean {
  return (
    isKeyName(name) ||
    /(^|[_\s.-])(patient|customer|client|user|subject|person|member|account|store|shop|item|product|sku|sensor|device|machine|station|group|session|query|qid|household|family|school|site|batch|lot|ticker|symbol)s?$/i.test(
      name,
    ) ||
    /(客户|用户|患者|病人|门店|店铺|设备|机器|会员|账户|商品|产品|站点|学校|批次|组)$/.test(name)
  );
}

/** A birthday orders people, not events. */
export function isBirthName(name: string): boolean {
  return /birth|(^|[_\s.-])(dob|born)([_\s.-]|$)|出生|生日/i.test(name);
}

/** Of groups of answers to one question, for ranking. */
export function isQueryName(name: string): boolean {
  return /(^|[_\s.-])(qid|query|query_id|search|search_id|session|impression|list_id)([_\s.-]id)?$/i.test(name);
}

/// Messages of groups of the consumer protocol (KIP-848).
///
/// kafka-python has no schema of them: its encoder was given one written from the protocol guide,
/// and kio, generated from Kafka's own, reads these bytes and writes them again.
///
/// Made and written as `GoldenMessages` are.
enum GoldenConsumerGroups {
  static let text = #"""
    ConsumerGroupHeartbeatRequest 0
      09c5bd69c5be6b6f760261800000000109c5bd69c5be6b6f76608f043102076f7264657273056e2d313503414cd6
      9d0cf85067a009fe66fdb061a402b9fbfbbe0099a749f6bb476516ec57c8624707cd9902c877386e0000
    ="Žižkov","a",-2147483648,"","Žižkov",1619985457,[1,"orders",~,"n-15",[2,414cd69d0cf85067:a00
    =9fe66fdb061a4,[1,-1174668354,99a749f6bb476516:ec57c8624707cd99,[1,-931710866
    ConsumerGroupHeartbeatRequest 1
      076f726465727309c5bd69c5be6b6f7615afbfb30261046e2d31948448150102610003a620b593e05eb694eb63ba
      84492348bc02219a5c37004e4f615ccc870b16c389737e3974fcf002e3f91d070000
    ="orders","Žižkov",363839411,"a","n-1",-1803270123,[0,"a",~,[2,a620b593e05eb694:eb63ba8449234
    =8bc,[1,563764279,4e4f615ccc870b16:c389737e3974fcf0,[1,-470213369
    ConsumerGroupHeartbeatResponse 0
      000000010003076f726465727300800000005bf1584f0102600b0caa2a23026d4c83a07bb9e9fb33028756bb8400
      0000
    =1,3,"orders",~,-2147483648,1542543439,[1,600b0caa2a23026d:4c83a07bb9e9fb33,[1,-2024359036
    ConsumerGroupHeartbeatResponse 1
      ffffffff006e00076f7264657273c3a74f7eda0b3607010211a5a7b25f23663e70ac9bbb0a9931f403e2f5976d74
      23e4db000000
    =-1,110,~,"orders",-1012445314,-636799481,[1,11a5a7b25f23663e:70ac9bbb0a9931f4,[2,-487221395,
    =1948509403
    ConsumerGroupDescribeRequest 0
      0209c5bd69c5be6b6f760100
    =[1,"Žižkov",true
    ConsumerGroupDescribeRequest 1
      030261076f72646572730000
    =[2,"a","orders",false
    ConsumerGroupDescribeResponse 0
      0000000102004a076f7264657273076f7264657273076f7264657273000000017fffffff056e2d32350309c5bd69
      c5be6b6f7609c5bd69c5be6b6f7609c5bd69c5be6b6f760000000102610261020109c5bd69c5be6b6f7601000100
      00076f7264657273026100ee87b92409c5bd69c5be6b6f76026101056e2d3135010001000053f62acf0000
    =1,[1,74,"orders","orders","orders",1,2147483647,"n-25",[2,"Žižkov","Žižkov","Žižkov",1,"a","
    =a",[1,"","Žižkov",[0,[0,-1,"orders","a",~,-293095132,"Žižkov","a",[0,"n-15",[0,[0,-1,1408641
    =743
    ConsumerGroupDescribeResponse 1
      3023969a02000f056e2d33310261026134ff44f26f58947301020101076f72646572732d65395b09c5bd69c5be6b
      6f76076f72646572730301010102dd81ff5597c9e7c6ef75215d6164aad20102f8ab06ee00000244564e9ab292b1
      acdf933706cdc0f3610261020da182ae0000a800681428130000
    =807638682,[1,15,"n-31","a","a",889144562,1868076147,"",[1,"","","orders",761608539,"Žižkov",
    ="orders",[2,"","","",[1,dd81ff5597c9e7c6:ef75215d6164aad2,"",[1,-123009298,[1,44564e9ab292b1
    =ac:df933706cdc0f361,"a",[1,228688558,-88,1746151443
    """#
}

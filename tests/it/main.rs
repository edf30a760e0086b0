mod wallet;
